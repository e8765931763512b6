import Units

/// The clock of one agent in the world: its node's CLOCK_BOOTTIME, and tasks that run when the world says so.
///
/// Everything here happens on the world's thread, in the turn of some event; that is why nothing is locked.
final class WorldClock: AgentClock, @unchecked Sendable {
    private unowned let world: World
    private let node: NodeClock
    private let owner: EventQueue.Owner
    private let executor: AgentExecutor
    private var sleepers: [Int: UnsafeContinuation<Void, any Error>] = [:]
    private var tasks: [Int: Task<Void, Never>] = [:]
    private var count = 0
    private var isOver = false

    /// - Parameter owner: whose clock it is; its sleep ends no sooner than it thaws.
    init(world: World, node: NodeClock, owner: EventQueue.Owner) {
        self.world = world
        self.node = node
        self.owner = owner
        executor = AgentExecutor(world: world, owner: owner)
    }

    var now: BootInstant { node.read(world.now) }

    var minimumResolution: Duration { .microseconds(1) }

    /// Begins on the first day of 2026, in no relation to any boot clock.
    var wallTime: WallInstant { WallInstant(microsecondsSince1970: 1_767_225_600_000_000 + world.now) }

    func sleep(until deadline: BootInstant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        count += 1
        let number = count
        try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<Void, any Error>) in
                guard !isOver, !Task.isCancelled else { return continuation.resume(throwing: CancellationError()) }
                sleepers[number] = continuation
                world.schedule(after: max(node.trueTime(of: deadline) - world.now, 0), owner) { [self] in
                    sleepers.removeValue(forKey: number)?.resume()
                }
            }
        } onCancel: {
            sleepers.removeValue(forKey: number)?.resume(throwing: CancellationError())
        }
    }

    @discardableResult
    func start(_ work: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        count += 1
        let number = count
        let task = Task(executorPreference: executor) { [self] in
            await work()
            tasks[number] = nil
        }
        tasks[number] = task
        if isOver { task.cancel() }
        return task
    }

    /// Its agent has died: everybody who sleeps or works by this clock ends, in the order they began.
    func end() {
        isOver = true
        for (_, task) in tasks.sorted(by: { $0.key < $1.key }) { task.cancel() }
        let left = sleepers.sorted { $0.key < $1.key }
        sleepers = [:]
        for (_, sleeper) in left { sleeper.resume(throwing: CancellationError()) }
        executor.drain()
    }
}
