import Testing

@testable import ControllerRuntime

@Suite struct WorkQueueStateMachineTests {
    typealias Machine = WorkQueueStateMachine<String, ManualClock.Instant>

    private func machine(_ limits: WorkQueueLimits = WorkQueueLimits()) -> Machine { Machine(limits: limits) }

    @Test func `a key added twice is handed out once`() {
        var queue = machine()
        #expect(queue.add("a", at: .at(.zero)) == .wakeWorker)
        #expect(queue.add("a", at: .at(.seconds(1))) == .none)
        #expect(queue.next(at: .at(.seconds(3))) == .handOut("a", waited: .seconds(3)))
        #expect(queue.next(at: .at(.seconds(3))) == .wait)
    }

    @Test func `a key added while a worker has it comes back after the worker is done, not before`() {
        var queue = machine()
        _ = queue.add("a", at: .at(.zero))
        _ = queue.next(at: .at(.zero))
        #expect(queue.add("a", at: .at(.zero)) == .none)
        #expect(queue.next(at: .at(.zero)) == .wait)
        #expect(queue.done("a", at: .at(.seconds(2))) == (.seconds(2), true))
        #expect(queue.next(at: .at(.seconds(2))) == .handOut("a", waited: .seconds(2)))
        #expect(queue.done("a", at: .at(.seconds(2))) == (.zero, false))
    }

    @Test func `keys are handed out in the order they came`() {
        var queue = machine()
        for key in ["c", "a", "b"] { _ = queue.add(key, at: .at(.zero)) }
        var order: [String] = []
        while case .handOut(let key, _) = queue.next(at: .at(.zero)) { order.append(key) }
        #expect(order == ["c", "a", "b"])
    }

    @Test func `of several delays the earliest counts, and an immediate add overrides them`() {
        var queue = machine()
        #expect(queue.add("a", after: .seconds(10), at: .at(.zero)) == .wakeTimer)
        #expect(queue.add("a", after: .seconds(20), at: .at(.zero)) == .none)
        #expect(queue.nextDelayed == .at(.seconds(10)))
        #expect(queue.add("a", after: .seconds(5), at: .at(.zero)) == .wakeTimer)
        #expect(queue.releaseDue(at: .at(.seconds(4))) == 0)
        #expect(queue.releaseDue(at: .at(.seconds(5))) == 1)
        #expect(queue.next(at: .at(.seconds(5))) == .handOut("a", waited: .zero))
        _ = queue.add("b", after: .seconds(10), at: .at(.zero))
        #expect(queue.add("b", at: .at(.zero)) == .wakeWorker)
        #expect(queue.nextDelayed == nil)
    }

    @Test func `a failing key waits 5 ms, then twice as long each time, up to 1000 s, and success starts over`() {
        var queue = machine()
        var pauses: [Duration] = []
        for _ in 0..<20 {
            _ = queue.addRateLimited("a", at: .at(.zero))
            pauses.append(queue.nextDelayed?.offset ?? .zero)
            _ = queue.releaseDue(at: .at(.seconds(5000)))
            _ = queue.next(at: .at(.zero))
            _ = queue.done("a", at: .at(.zero))
        }
        #expect(Array(pauses.prefix(4)) == [.milliseconds(5), .milliseconds(10), .milliseconds(20), .milliseconds(40)])
        #expect(pauses[17] == .milliseconds(5 * (1 << 17)))
        #expect(pauses[18] == .seconds(1000))
        #expect(pauses[19] == .seconds(1000))
        queue.forget("a")
        _ = queue.addRateLimited("a", at: .at(.zero))
        #expect(queue.nextDelayed == .at(.milliseconds(5)))
    }

    @Test func `all keys together are limited to the overall rate once the burst is used`() {
        var queue = machine(WorkQueueLimits(overallRate: 10, overallBurst: 2))
        for key in ["a", "b", "c", "d"] { _ = queue.addRateLimited(key, at: .at(.zero)) }
        #expect(queue.releaseDue(at: .at(.milliseconds(5))) == 2)
        #expect(queue.releaseDue(at: .at(.milliseconds(99))) == 0)
        #expect(queue.releaseDue(at: .at(.milliseconds(101))) == 1)
        #expect(queue.releaseDue(at: .at(.milliseconds(201))) == 1)
    }

    @Test func `after shutdown nothing is taken in or handed out, and work in progress can be given back`() {
        var queue = machine()
        _ = queue.add("a", at: .at(.zero))
        _ = queue.next(at: .at(.zero))
        _ = queue.add("b", at: .at(.zero))
        _ = queue.add("c", after: .seconds(1), at: .at(.zero))
        queue.shutDown()
        #expect(queue.add("d", at: .at(.zero)) == .none)
        #expect(queue.next(at: .at(.zero)) == .finished)
        #expect(queue.nextDelayed == nil)
        #expect(queue.done("a", at: .at(.zero)) == (.zero, false))
        #expect(queue.isIdle)
    }
}
