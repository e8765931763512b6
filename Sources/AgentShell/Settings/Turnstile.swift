import Synchronization
import Units

/// Lets one task in at a time, in the order they came.
final class Turnstile: Sendable {
    private struct Queue {
        var isTaken = false
        var waiting: [(ticket: Int, task: CheckedContinuation<Void, any Error>)] = []
        var tickets = 0
    }

    private let queue = Mutex(Queue())

    /// Waits until nobody else is in. Whoever comes in calls ``leave()``; an empty turnstile is passed without a wait.
    ///
    /// - Throws: `CancellationError` when the task is cancelled while it waits; it is not in then.
    func enter(isolation: isolated (any Actor)? = #isolation) async throws {
        let ticket = queue.withLock { queue in
            queue.tickets += 1
            return queue.tickets
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { task in
                let isIn: Bool? = queue.withLock { queue in
                    if !queue.isTaken {
                        queue.isTaken = true
                        return true
                    }
                    // Looked at in here: a cancellation that comes later finds the ticket.
                    if Task.isCancelled { return false }
                    queue.waiting.append((ticket, task))
                    return nil
                }
                switch isIn {
                case true?: task.resume()
                case false?: task.resume(throwing: CancellationError())
                case nil: break
                }
            }
        } onCancel: {
            let task = queue.withLock { queue in
                queue.waiting.firstIndex { $0.ticket == ticket }.map { queue.waiting.remove(at: $0).task }
            }
            task?.resume(throwing: CancellationError())
        }
    }

    /// Waits no longer than until `end`.
    ///
    /// - Returns: false when it is not in by then, or the task was cancelled.
    func enter(
        by end: BootInstant, on clock: any AgentClock, isolation: isolated (any Actor)? = #isolation
    ) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                do { try await self.enter() } catch { return false }
                return true
            }
            group.addTask {
                // Ends with the wait beside it.
                do { try await clock.sleep(for: max(end - clock.now, .zero)) } catch { return false }
                return false
            }
            var isIn = false
            for await hasEntered in group {
                if hasEntered { isIn = true }
                group.cancelAll()
            }
            return isIn
        }
    }

    /// Who waits; for tests.
    var waitingCount: Int { queue.withLock { $0.waiting.count } }

    /// Lets the next one in.
    func leave() {
        let next = queue.withLock { queue -> CheckedContinuation<Void, any Error>? in
            guard !queue.waiting.isEmpty else {
                queue.isTaken = false
                return nil
            }
            return queue.waiting.removeFirst().task
        }
        next?.resume()
    }
}
