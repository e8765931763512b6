/// Runs everything of one agent's life as events of the world, one job after the other, on the world's thread.
///
/// A task that prefers it, and whatever is structured below that task, runs nowhere else: default actors go where the task
/// that calls them prefers to be. So the seed alone decides in which order jobs run, and jobs of a frozen agent wait.
///
/// - Requires: what runs on it waits by continuations that the world resumes, and by nothing else.
final class AgentExecutor: TaskExecutor, @unchecked Sendable {
    private unowned let world: World
    private let owner: EventQueue.Owner
    private var jobs: [UnownedJob] = []
    private var isOver = false

    /// - Parameter owner: whose jobs these are: they wait while it is frozen.
    init(world: World, owner: EventQueue.Owner) {
        self.world = world
        self.owner = owner
    }

    func enqueue(_ job: consuming ExecutorJob) {
        jobs.append(UnownedJob(job))
        if !isOver { world.schedule(after: world.random.next(in: 0...Self.longestWait), owner) { [self] in runNext() } }
    }

    /// Any of those that are ready: nothing promises an order between tasks.
    private func runNext() {
        guard !jobs.isEmpty else { return }
        jobs.swapAt(world.random.index(below: jobs.count), jobs.count - 1)
        jobs.removeLast().runSynchronously(on: asUnownedTaskExecutor())
    }

    /// Microseconds until a thread has time for a job.
    private static let longestWait: Int64 = 30

    /// The agent has died: what is left of its tasks runs to its end now, and to no other purpose than that they free what they
    /// hold.
    ///
    /// - Requires: they are cancelled, and whatever they wait for from now on ends at once.
    func drain() {
        isOver = true
        while !jobs.isEmpty { jobs.removeFirst().runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
