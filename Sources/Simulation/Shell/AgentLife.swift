import AgentShell
import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import Units

/// One life of the shipping agent in the world: ``MemberAgent`` with ports that lead to a modelled server, store and network.
///
/// Everything here happens on the world's thread, in the turn of some event; that is why nothing is locked.
final class AgentLife: @unchecked Sendable {
    unowned let world: World
    unowned let pod: Pod
    let owner: EventQueue.Owner
    let clock: WorldClock
    let identity: HolderIdentity
    private(set) var server: WorldServer?
    private var feed: WatchFeed?
    private var agent: MemberAgent?
    /// How each call that is under way is broken off.
    private var breakOffs: [Int: (any Error) -> Void] = [:]
    private var count = 0
    private(set) var isOver = false
    private var stops: UnsafeContinuation<Void, Never>?
    private var isAskedToStop = false
    /// The watch of the route's EndpointSlice, while there is one.
    var slices: SliceFeed?

    static let scope = Scope(namespace: "sim", cluster: "demo")

    init(world: World, pod: Pod) {
        self.world = world
        self.pod = pod
        owner = pod.agentOwner
        clock = WorldClock(world: world, node: pod.clock, owner: owner)
        identity = HolderIdentity(
            member: world.name(pod.member), podUID: pod.uid, nonce: "n\(world.nextIdentifier())")
    }

    // MARK: Life

    func run() throws {
        let server = WorldServer(self)
        var configuration = try AgentConfiguration(environment: [
            "MATRIARCH_CLUSTER": Self.scope.cluster, "POD_NAMESPACE": Self.scope.namespace,
            "POD_NAME": identity.member, "POD_UID": pod.uid, "POD_IP": pod.address,
        ])
        // A simulated cluster writes about a megabyte in its life.
        configuration.largestBacklog = ByteCount(rawValue: 20_000)
        let file = AgentFile(cluster: Self.scope.cluster, route: RouteSettings())
        let logger = Logger(label: identity.member) { [world] name in WorldLog(world, name) }
        let agent = MemberAgent(
            configuration, identity: identity, file: file, readFile: { file },
            containerInstance: pod.containerInstance,
            ports: MemberAgent.Ports(
                server: server, objects: WorldObjects(self), routes: WorldRoutes(self), peers: WorldPeers(self),
                fence: WorldFence(self),
                watchdog: Watchdog(file.watchdog, device: NoWatchdog(), logger: logger), callbacks: NoCallbacks(),
                trace: WorldTrace(self), clock: clock),
            logger: logger)
        let feed = WatchFeed(self, agent.watch)
        (self.server, self.agent, self.feed) = (server, agent, feed)
        feed.open()
        clock.start { [self] in
            // Nothing that serves this agent throws.
            try? await agent.run(beside: [], until: { await self.stopRequested() })
            ended()
        }
    }

    /// It was killed, or has ended: frees what its tasks hold.
    func end() {
        guard !isOver else { return }
        isOver = true
        stops?.resume()
        stops = nil
        server?.end()
        let left = breakOffs.sorted { $0.key < $1.key }
        breakOffs = [:]
        for (_, breakOff) in left { breakOff(CancellationError()) }
        clock.end()
        (server, agent, feed, slices) = (nil, nil, nil, nil)
    }

    private func ended() {
        guard !isOver else { return }
        world.schedule(after: 0, .world) { [self] in if pod.agent === self { pod.agentEnded() } }
    }

    func stop() {
        isAskedToStop = true
        stops?.resume()
        stops = nil
    }

    private func stopRequested() async {
        guard !isAskedToStop, !isOver else { return }
        await withUnsafeContinuation { stops = $0 }
    }

    // MARK: What others see and tell

    func serverEnded() { server?.noteExit() }

    func notify(_ change: ObjectServer.Change) { feed?.notify(change) }

    func breakWatch(ofPods isOfPods: Bool, noticedAfter delay: ClosedRange<Int64>) {
        feed?.breakWatch(ofPods: isOfPods, noticedAfter: delay)
        if !isOfPods { slices?.breakOff(noticedAfter: delay) }
    }

    /// Whether it believes so, at this instant and by its own clock.
    var holdsLock: Bool { look { $0.ownReign(at: $1, ttl: self.world.plan.timings.ttl) != nil } ?? false }
    /// It has begun to let its lock go, after its server was stopped.
    var isReleasing: Bool {
        look { station, _ in if case .release? = station.attempt { true } else { false } } ?? false
    }

    /// The lock as it believes to hold it; nil: it does not.
    var held: LockKeeping.Held? { look { station, _ in station.held } ?? nil }
    /// How the lock ended that it held last.
    var lockEnd: LockEnd? { look { station, _ in station.end } ?? nil }
    /// What it tells of the takeover by which it leads.
    var takeover: TakeoverPhases? { agent?.state.snapshot?.takeover }
    /// What it has read of the store.
    var view: ClusterView? { agent?.watch.view() }

    /// Who owns its part in the lock.
    var desk: LockDesk? { agent?.watch.desk }

    /// Asks a copy of its station: to ask some questions is to see something.
    private func look<Answer: Sendable>(_ question: (inout LockStation, BootInstant) -> Answer) -> Answer? {
        desk?.look { station, now in
            var copy = station
            return question(&copy, now)
        }
    }

    var loop: AgentLoop? { agent?.loop }
    var responder: FailsafeResponder? { agent?.responder }

    // MARK: Calls

    /// Waits for something in the world.
    ///
    /// - Parameters:
    ///   - isBrokenOff: a cancelled task does not wait; what was begun goes on.
    ///   - begin: begins it, and is handed what is to be told of its end.
    func call<Value: Sendable>(
        isBrokenOff: Bool = true, _ begin: (@escaping @Sendable (Result<Value, any Error>) -> Void) -> Void
    ) async throws -> Value {
        guard !isOver else { throw CancellationError() }
        if isBrokenOff { try Task.checkCancellation() }
        count += 1
        let number = count
        let value = try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<Value, any Error>) in
                breakOffs[number] = { continuation.resume(throwing: $0) }
                begin { [self] result in
                    guard breakOffs.removeValue(forKey: number) != nil else { return }
                    continuation.resume(with: result)
                }
            }
        } onCancel: {
            if isBrokenOff { breakOffs.removeValue(forKey: number)?(CancellationError()) }
        }
        // It may have died between the end of what it waited for and now.
        try requireLife()
        return value
    }

    /// - Throws: once its agent has died, whose last jobs must not touch the world.
    func requireLife() throws {
        if isOver { throw CancellationError() }
    }

    /// Lets some time pass, as an answer takes it.
    ///
    /// - Parameter isBrokenOff: a cancelled task does not wait.
    func pause(_ range: ClosedRange<Int64>, isBrokenOff: Bool = true) async throws {
        try await call(isBrokenOff: isBrokenOff) { done in
            world.schedule(after: world.random.next(in: range), owner) { done(.success(())) }
        }
    }
}

/// Nobody asked to hear what happens here.
private struct NoCallbacks: CallbackTeller {
    func tell(_ call: CallbackCall, limit: Duration) {}
}

/// The mode is off: it is never opened.
private struct NoWatchdog: WatchdogDevice {
    func open(timeoutInSeconds: Int) throws(WatchdogError) -> Int { timeoutInSeconds }
    func keepAlive() throws(WatchdogError) {}
    func close() throws(WatchdogError) {}
    var isUsable: Bool { true }
}

/// The pipe to init.
private struct WorldFence: FenceLine {
    private let life: AgentLife

    init(_ life: AgentLife) { self.life = life }

    func arm(until instant: BootInstant) throws {
        if !life.isOver { life.pod.armFence(until: instant) }
    }

    func disarm() throws {
        if !life.isOver { life.pod.disarmFence() }
    }
}

/// What its elections come to, for the checker.
private struct WorldTrace: DecisionRecorder, @unchecked Sendable {
    private unowned let life: AgentLife

    init(_ life: AgentLife) { self.life = life }

    func record(_ observation: Observation, _ decision: Decision) {}

    /// Who lost the lock again between a forced failover and its promotion is the recorded leader by what the failover cost,
    /// and costs nothing more when it is elected for that.
    func record(_ verdict: CandidacyVerdict, over record: SynchronousState?) {
        guard !life.isOver else { return }
        if case .runAtLoss = verdict {
            life.pod.isElectedAtLoss = true
        } else if record?.leader != life.identity.member || life.world.checker.reigningPod == life.pod.index {
            life.pod.isElectedAtLoss = false
        }
    }
}

/// What an agent says goes into the world's trace, if anybody wants one.
private struct WorldLog: LogHandler, @unchecked Sendable {
    private unowned let world: World
    private let name: String
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level

    init(_ world: World, _ name: String) {
        self.world = world
        self.name = name
        logLevel = world.trace == nil ? .critical : .info
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let told = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        world.note("\(name): \(event.message) \(told.joined(separator: " "))")
    }
}
