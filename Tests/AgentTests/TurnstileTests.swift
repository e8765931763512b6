import Synchronization
import Testing

@testable import Agent
@testable import AgentShell

@Suite struct TurnstileTests {
    private final class Order: Sendable {
        private let contents = Mutex<[Int]>([])
        var numbers: [Int] { contents.withLock { $0 } }
        func note(_ number: Int) { contents.withLock { $0.append(number) } }
    }

    private let turnstile = Turnstile()

    @Test(.timeLimit(.minutes(1)))
    func `one comes in at a time, in the order in which they came`() async throws {
        let order = Order()
        try await turnstile.enter()
        var tasks: [Task<Void, any Error>] = []
        for number in 1...3 {
            tasks.append(
                Task {
                    try await turnstile.enter()
                    order.note(number)
                    turnstile.leave()
                })
            while turnstile.waitingCount < number { await Task.yield() }
        }
        #expect(order.numbers.isEmpty)
        turnstile.leave()
        for task in tasks { try await task.value }
        #expect(order.numbers == [1, 2, 3])
    }

    @Test(.timeLimit(.minutes(1)))
    func `whoever is cancelled while it waits does not come in, and keeps nobody out`() async throws {
        try await turnstile.enter()
        let cancelled = Task { try await turnstile.enter() }
        while turnstile.waitingCount < 1 { await Task.yield() }
        let next = Task { try await turnstile.enter() }
        while turnstile.waitingCount < 2 { await Task.yield() }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        turnstile.leave()
        try await next.value
        turnstile.leave()
    }

    @Test(.timeLimit(.minutes(1)))
    func `an empty one is passed also by a task that is cancelled, as a write without a wait was always made`()
        async throws
    {
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            try await turnstile.enter()
        }
        task.cancel()
        try await task.value
    }
}
