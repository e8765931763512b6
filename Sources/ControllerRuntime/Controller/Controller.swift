public import Logging
import Observability

/// Hands keys from a work queue to a reconciler, several at once but never the same key twice at a time.
public final class Controller<R: Reconciler, C: Clock<Duration>>: Sendable {
    public let queue: WorkQueue<R.Key, C>
    private let name: String
    private let reconciler: R
    private let workers: Int
    private let clock: C
    private let metrics: ControllerMetrics?
    private let logger: Logger

    /// - Parameter workers: how many keys may be worked on at the same time; at least 1.
    public init(
        name: String, reconciler: R, queue: WorkQueue<R.Key, C>, workers: Int = 1, clock: C,
        metrics: ControllerMetrics? = nil, logger: Logger = Logger(label: "matriarch.controller")
    ) {
        self.name = name
        self.reconciler = reconciler
        self.queue = queue
        self.workers = max(1, workers)
        self.clock = clock
        self.metrics = metrics
        self.logger = logger
    }

    /// Works until the queue is shut down or the task is cancelled.
    ///
    /// - Cancellation: no key is taken any more; reconciles in progress are *not* cancelled but awaited, so that a stop never
    ///   leaves half of a change behind. Requests have deadlines of their own.
    public func run() async {
        metrics?.maximumConcurrent.set(name, to: Double(workers))
        metrics?.activeWorkers.set(name, to: 0)
        for result in ["success", "error", "requeue", "requeue_after"] {
            metrics?.reconciles.increment(name, result, by: 0)
        }
        metrics?.errors.increment(name, by: 0)
        metrics?.terminalErrors.increment(name, by: 0)
        metrics?.panics.increment(name, by: 0)
        metrics?.timeouts.increment(name, by: 0)
        await withTaskCancellationHandler {
            // Unstructured on purpose, and awaited here: workers finish what they have instead of being cancelled.
            let tasks = [Task { await queue.run() }] + (0..<workers).map { _ in Task { await work() } }
            for task in tasks { await task.value }
        } onCancel: {
            queue.shutDown()
        }
    }

    private func work() async {
        while let key = await queue.next() {
            metrics?.activeWorkers.add(name, amount: 1)
            let started = clock.now
            let outcome = await reconcile(key)
            metrics?.duration.observe(name, duration: started.duration(to: clock.now))
            metrics?.activeWorkers.add(name, amount: -1)
            // Requeue before `done`: a change that came meanwhile wins over the pause.
            settle(key, outcome)
            queue.done(key)
        }
    }

    private enum Outcome {
        case success(ReconcileResult)
        case terminal(any Error)
        case failure(any Error)
    }

    private func reconcile(_ key: R.Key) async -> Outcome {
        do {
            return .success(try await reconciler.reconcile(key))
        } catch let error as TerminalError {
            return .terminal(error.cause)
        } catch {
            return .failure(error)
        }
    }

    private func settle(_ key: R.Key, _ outcome: Outcome) {
        switch outcome {
        case .success(let result):
            queue.forget(key)
            if let pause = result.requeueAfter {
                queue.add(key, after: pause)
                metrics?.reconciles.increment(name, "requeue_after")
            } else {
                metrics?.reconciles.increment(name, "success")
            }
        case .terminal(let error):
            queue.forget(key)
            metrics?.reconciles.increment(name, "error")
            metrics?.errors.increment(name)
            metrics?.terminalErrors.increment(name)
            logger.error("reconcile failed for good", metadata: metadata(key, error))
        case .failure(let error):
            queue.addRateLimited(key)
            metrics?.reconciles.increment(name, "error")
            metrics?.errors.increment(name)
            logger.warning("reconcile failed, will be tried again", metadata: metadata(key, error))
        }
    }

    private func metadata(_ key: R.Key, _ error: any Error) -> Logger.Metadata {
        ["controller": "\(name)", "key": "\(key)", "error": "\(error)"]
    }
}
