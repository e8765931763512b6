import Dispatch
import Simulation
import Synchronization

extension Runner {
    /// - Parameter progress: told the number of seeds done and the failures it was not told of yet, from one thread at a time:
    ///   about every five seconds, and at once when a seed has failed.
    func run(jobs: Int, progress: @Sendable @escaping (Int, [Simulator.Report]) -> Void) {
        let clock = ContinuousClock()
        let told = Mutex((at: clock.now, failures: Set<UInt64>()))
        DispatchQueue.concurrentPerform(iterations: max(1, jobs)) { _ in
            while let done = work() {
                told.withLock { told in
                    let failed = failures.filter { !told.failures.contains($0.seed) }
                    guard clock.now - told.at > .seconds(5) || !failed.isEmpty else { return }
                    told = (clock.now, told.failures.union(failed.map(\.seed)))
                    progress(done, failed)
                }
            }
        }
    }
}
