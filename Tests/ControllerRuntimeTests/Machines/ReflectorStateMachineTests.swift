import Testing

@testable import ControllerRuntime

@Suite struct ReflectorStateMachineTests {
    private let backoff = Backoff(base: .seconds(1), maximum: .seconds(30), jitter: 0.5)

    private func machine() -> ReflectorStateMachine {
        ReflectorStateMachine(pacing: WatchPacing(backoff: backoff, relistSpread: .seconds(2)))
    }

    @Test func `after a list the watch starts at its version, and resumes at the last one seen`() {
        var machine = machine()
        #expect(machine.listed(resourceVersion: "10") == .watch(resourceVersion: "10", after: .zero))
        machine.progressed(resourceVersion: "12")
        #expect(machine.watchEnded(wasUseful: true, random: 1) == .watch(resourceVersion: "12", after: .zero))
    }

    @Test func `a version that is gone means list again after a random pause`() {
        var machine = machine()
        _ = machine.listed(resourceVersion: "10")
        #expect(machine.watchFailed(isGone: true, retryAfter: nil, random: 0.25) == .list(after: .milliseconds(500)))
        #expect(machine.state == .listing)
        #expect(machine.listed(resourceVersion: "90") == .watch(resourceVersion: "90", after: .zero))
    }

    @Test func `failures wait longer each time and keep the version`() {
        var machine = machine()
        _ = machine.listed(resourceVersion: "10")
        var pauses: [ReflectorStateMachine.Action] = []
        for _ in 0..<7 { pauses.append(machine.watchFailed(isGone: false, retryAfter: nil, random: 0)) }
        #expect(
            pauses == [1, 2, 4, 8, 16, 30, 30].map { .watch(resourceVersion: "10", after: .seconds($0)) })
        machine.progressed(resourceVersion: "11")
        #expect(
            machine.watchFailed(isGone: false, retryAfter: nil, random: 1)
                == .watch(resourceVersion: "11", after: .milliseconds(500)))
    }

    @Test func `the server's own Retry-After is respected`() {
        var machine = machine()
        #expect(machine.listFailed(retryAfter: .seconds(7), random: 0) == .list(after: .seconds(7)))
        #expect(machine.listFailed(retryAfter: .seconds(1), random: 0) == .list(after: .seconds(2)))
    }

    @Test func `where failures lead to a list, one that succeeds does not shorten the pauses, and an event does`() {
        var machine = ReflectorStateMachine(
            pacing: WatchPacing(backoff: backoff, relistSpread: .seconds(2), listsAfterFailure: true))
        var pauses: [ReflectorStateMachine.Action] = []
        for _ in 0..<3 {
            _ = machine.listed(resourceVersion: "10")
            pauses.append(machine.watchFailed(isGone: false, retryAfter: nil, random: 0))
        }
        #expect(pauses == [1, 2, 4].map { .list(after: .seconds($0)) })
        _ = machine.listed(resourceVersion: "10")
        machine.progressed(resourceVersion: "11")
        #expect(machine.watchWasSilent(random: 0) == .list(after: .seconds(1)))
        _ = machine.listed(resourceVersion: "12")
        machine.progressed(resourceVersion: "13")
        // What the server ends in order has missed nothing.
        #expect(machine.watchEnded(wasUseful: true, random: 0) == .watch(resourceVersion: "13", after: .zero))
    }

    @Test func `a list nobody can use is asked for again at once`() {
        var machine = machine()
        #expect(machine.listRefused() == .list(after: .zero))
        #expect(machine.state == .listing)
    }

    @Test func `a silent watch is resumed where failures are`() {
        var machine = machine()
        _ = machine.listed(resourceVersion: "10")
        #expect(machine.watchWasSilent(random: 0) == .watch(resourceVersion: "10", after: .zero))
    }

    @Test func `a server that closes every watch at once is not asked in a tight loop`() {
        var machine = machine()
        _ = machine.listed(resourceVersion: "10")
        #expect(machine.watchEnded(wasUseful: false, random: 0) == .watch(resourceVersion: "10", after: .seconds(1)))
        #expect(machine.watchEnded(wasUseful: false, random: 0) == .watch(resourceVersion: "10", after: .seconds(2)))
    }
}
