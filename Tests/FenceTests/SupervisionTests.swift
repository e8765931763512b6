import Glibc
import Testing
import Units

@testable import InitProcess

private func at(_ milliseconds: Int64) -> BootInstant { BootInstant(nanoseconds: milliseconds * 1_000_000) }

@Suite struct SupervisionTests {
    private static func running(_ process: Int32 = 7, since start: Int64 = 0) -> Supervision {
        var supervision = Supervision(startAt: at(start))
        supervision.started(process, at: at(start))
        return supervision
    }

    @Test func `the agent is started at once and then left alone`() {
        var supervision = Supervision(startAt: at(5))
        #expect(supervision.tick(now: at(5)) == .start)
        supervision.started(7, at: at(5))
        #expect(supervision.tick(now: at(1_000)) == .wait)
        #expect(supervision.agent == 7)
        #expect(supervision.nextStart == nil)
    }

    @Test func `pauses before a restart double from 100 ms to 5 s and start over after a minute of life`() {
        var supervision = Supervision(startAt: at(0))
        var now: Int64 = 0
        var pauses: [Int64] = []
        for life: Int64 in [10, 10, 10, 10, 10, 10, 10, 10, 59_999, 60_000, 10] {
            supervision.started(7, at: at(now))
            now += life
            guard case .clearAfterCrash(let restart) = supervision.exited(7, code: 139, at: at(now)) else {
                Issue.record("no restart after \(life) ms")
                return
            }
            pauses.append((restart - at(now)).milliseconds)
            #expect(supervision.tick(now: restart - .milliseconds(1)) == .wait)
            #expect(supervision.tick(now: restart) == .start)
            now = restart.nanoseconds / 1_000_000
        }
        #expect(pauses == [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000, 100, 200])
    }

    @Test(arguments: [0, 78] as [Int32])
    func `an agent that is done, or cannot be helped by a restart, ends init with its status`(code: Int32) {
        var supervision = Self.running()
        let afterExit = supervision.exited(7, code: code, at: at(10))
        #expect(afterExit == .end(code: code))
    }

    @Test func `an orphan's end changes nothing`() {
        var supervision = Self.running()
        let afterExit = supervision.exited(99, code: 1, at: at(10))
        #expect(afterExit == .wait)
        #expect(supervision.agent == 7)
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGQUIT])
    func `after a request to stop any end of the agent is final`(signal: Int32) {
        var supervision = Self.running()
        let afterSignal = supervision.received(signal: signal)
        #expect(afterSignal == .forward(signal: signal, to: 7))
        let afterExit = supervision.exited(7, code: 137, at: at(10))
        #expect(afterExit == .end(code: 137))
    }

    @Test(arguments: [SIGHUP, SIGUSR1, SIGUSR2])
    func `other signals are passed on and ask for nothing`(signal: Int32) {
        var supervision = Self.running()
        let afterSignal = supervision.received(signal: signal)
        #expect(afterSignal == .forward(signal: signal, to: 7))
        let afterExit = supervision.exited(7, code: 137, at: at(10))
        #expect(afterExit == .clearAfterCrash(restartAt: at(110)))
        let again = supervision.received(signal: signal)
        #expect(again == .wait)
    }

    @Test func `a request to stop while no agent runs ends init`() {
        var supervision = Self.running()
        _ = supervision.exited(7, code: 1, at: at(10))
        let afterSignal = supervision.received(signal: SIGTERM)
        #expect(afterSignal == .end(code: 128 + SIGTERM))
    }

    @Test(arguments: [(ENOENT, 127), (EACCES, 126), (ENOEXEC, 126)] as [(Int32, Int32)])
    func `a program that cannot be executed ends init`(error: Int32, code: Int32) {
        var supervision = Supervision(startAt: at(0))
        let afterFailure = supervision.startFailed(errno: error, at: at(0))
        #expect(afterFailure == .end(code: code))
    }

    @Test(arguments: [EAGAIN, ENOMEM]) func `a shortage is waited out`(error: Int32) {
        var supervision = Supervision(startAt: at(0))
        let afterFailure = supervision.startFailed(errno: error, at: at(0))
        #expect(afterFailure == .wait)
        #expect(supervision.nextStart == at(100))
    }
}
