import Units

/// One measurement at a time, shared by all who wait for it.
///
/// - Guarantees: an answer comes from a measurement that began after it was asked for: who asks while one runs gets the next
///   one, together with all others who do. What is under way is never cancelled by who asked for it, so that whoever hangs up
///   cannot break off what others wait for. At most ``limit`` wait.
actor SharedMeasurement<Value: Sendable> {
    private typealias Waiters = [Int: CheckedContinuation<Value?, Never>]

    private let limit: Int
    private let clock: any AgentClock
    private let measure: @Sendable () async -> Value?
    private var isRunning = false
    /// Who gets the value of the measurement that runs.
    private var served: Waiters = [:]
    /// Who came after it had begun.
    private var waiting: Waiters = [:]
    private var nextID = 0

    init(limit: Int, clock: any AgentClock, _ measure: @escaping @Sendable () async -> Value?) {
        self.limit = limit
        self.clock = clock
        self.measure = measure
    }

    /// - Cancellation: returns nil at once.
    /// - Returns: nil also when it cannot be measured, or too many wait already.
    func value() async -> Value? {
        guard waiting.count < limit else { return nil }
        let id = nextID
        nextID += 1
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard !Task.isCancelled else { return continuation.resume(returning: nil) }
                waiting[id] = continuation
                begin()
            }
        } onCancel: {
            // It ends with its one step.
            clock.start { await self.giveUp(id) }
        }
    }

    private func begin() {
        guard !isRunning, !waiting.isEmpty else { return }
        isRunning = true
        (served, waiting) = (waiting, [:])
        // Owned by this actor, which begins no other before it has ended; the measurement has a deadline of its own.
        clock.start { await self.serve() }
    }

    private func serve() async {
        let value = await measure()
        for waiter in served.values { waiter.resume(returning: value) }
        served = [:]
        isRunning = false
        begin()
    }

    private func giveUp(_ id: Int) {
        let waiter = waiting.removeValue(forKey: id) ?? served.removeValue(forKey: id)
        waiter?.resume(returning: nil)
    }
}
