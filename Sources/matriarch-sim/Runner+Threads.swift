import Dispatch
import Simulation
import Synchronization

extension Runner {
    /// - Parameter progress: told the number of seeds done, about every five seconds, from one thread at a time.
    func run(jobs: Int, progress: @Sendable @escaping (Int) -> Void) {
        let clock = ContinuousClock()
        let last = Mutex(clock.now)
        DispatchQueue.concurrentPerform(iterations: max(1, jobs)) { _ in
            while let done = work() {
                last.withLock { last in
                    guard clock.now - last > .seconds(5) else { return }
                    last = clock.now
                    progress(done)
                }
            }
        }
    }
}
