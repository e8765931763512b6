import Synchronization
import Units

/// Wakes the loop: at once, or after a pause. Calls that come while it is awake are one.
final class Alarm: Sendable {
    private let clock: any AgentClock
    let calls: AsyncStream<Void>
    private let call: AsyncStream<Void>.Continuation
    /// Rings after a pause; replaced by the next one, ended by ``stop()``.
    private let timer = Mutex<Task<Void, Never>?>(nil)

    init(clock: any AgentClock) {
        self.clock = clock
        (calls, call) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func ring() { call.yield() }

    /// Takes the place of a pause that is not over.
    func ring(after pause: Duration) {
        let next = clock.start { [clock, call] in
            // Cancelled when another timer was set.
            do { try await clock.sleep(for: pause) } catch { return }
            call.yield()
        }
        replace(by: next)
    }

    /// Ends a pause that is not over without a call.
    func stop() { replace(by: nil) }

    private func replace(by next: Task<Void, Never>?) {
        let former = timer.withLock { timer in
            defer { timer = next }
            return timer
        }
        former?.cancel()
    }
}
