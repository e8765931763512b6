import Synchronization

/// Tells one waiting task that something changed. Signals that nobody waits for are remembered as one.
final class WakeSignal: Sendable {
    private enum State {
        case idle
        case signalled
        case waiting(CheckedContinuation<Void, Never>)
    }
    private let state = Mutex(State.idle)

    init() {}

    func wake() {
        let continuation = state.withLock { state -> CheckedContinuation<Void, Never>? in
            switch state {
            case .idle, .signalled:
                state = .signalled
                return nil
            case .waiting(let continuation):
                state = .idle
                return continuation
            }
        }
        continuation?.resume()
    }

    /// Returns at the next signal, at once when one is pending, or when the task is cancelled. One waiter at a time; a
    /// second one takes the place of the first, which returns.
    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                let resumed = state.withLock { state -> CheckedContinuation<Void, Never>? in
                    switch state {
                    case .signalled:
                        state = .idle
                        return continuation
                    case .idle:
                        state = .waiting(continuation)
                        return nil
                    case .waiting(let former):
                        state = .waiting(continuation)
                        return former
                    }
                }
                resumed?.resume()
            }
        } onCancel: {
            wake()
        }
    }

    /// Waits for a signal, but not past a deadline.
    func wait<C: Clock>(until deadline: C.Instant?, clock: C) async {
        guard let deadline else { return await wait() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.wait() }
            group.addTask {
                // Cancellation is the only error, and means that the signal came first.
                do { try await clock.sleep(until: deadline, tolerance: nil) } catch { return }
            }
            await group.next()
            group.cancelAll()
        }
    }
}
