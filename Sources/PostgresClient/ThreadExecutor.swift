import Glibc
import Synchronization

/// Runs an actor on a thread of its own.
///
/// libpq, `/proc` walks, `waitpid` and fsync block; an actor that makes such calls takes an executor like this one, so that
/// it stalls nobody else. The thread ends when the executor is released, after the jobs it has been given.
public final class ThreadExecutor: SerialExecutor {
    private let queue = JobQueue()

    /// - Parameter name: shown by `ps -L` and debuggers; cut at 15 bytes, the kernel's limit.
    public init(name: String) {
        let queue = queue
        OwnedThread.start(name: name) { queue.run() }
    }

    deinit {
        queue.finish()
    }

    public func enqueue(_ job: consuming ExecutorJob) {
        queue.append(UnownedJob(job), executor: asUnownedSerialExecutor())
    }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }
}

/// Jobs handed from any thread to one thread.
///
/// `@unchecked`: `jobs` and `isFinished` are touched under `mutex` only.
private final class JobQueue: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: [(UnownedJob, UnownedSerialExecutor)] = []
    private var isFinished = false

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func append(_ job: UnownedJob, executor: UnownedSerialExecutor) {
        pthread_mutex_lock(mutex)
        jobs.append((job, executor))
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    func finish() {
        pthread_mutex_lock(mutex)
        isFinished = true
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    func run() {
        while true {
            pthread_mutex_lock(mutex)
            while jobs.isEmpty && !isFinished { pthread_cond_wait(condition, mutex) }
            let batch = jobs
            jobs = []
            pthread_mutex_unlock(mutex)
            if batch.isEmpty { return }
            for (job, executor) in batch { job.runSynchronously(on: executor) }
        }
    }
}
