import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import PostgresInstance
import Units

/// The member's loop: observe, decide, act, record.
///
/// All policy is in ``decide(_:)``; here is only how to see and how to do. Long actions run one at a time as ``Activity``;
/// the loop itself never waits for one. It does wait for the server's answers, and for the few writes to the API server and
/// questions to other members that a cycle makes, each with a deadline of `retryTimeout` at most (a question to three slow
/// members: 3 s). Neither a renewal of the lock nor the fence waits for the loop.
actor AgentLoop {
    let configuration: AgentConfiguration
    let identity: HolderIdentity
    let instance: PostgresInstance
    let store: any ClusterStore
    let watch: ClusterWatch
    let keeper: LockKeeper
    let publisher: MemberPublisher
    let route: RouteKeeper
    let peers: PeerClient
    let watchdog: Watchdog
    let callbacks: CallbackRunner
    let state: AgentState
    let logger: Logger
    /// Nil unless somebody asked for it.
    private let trace: DecisionTrace?

    private let wakeups: AsyncStream<Void>
    nonisolated let wake: AsyncStream<Void>.Continuation
    /// Yields after each pause; replaced in every cycle. Owned by the loop, cancelled with it.
    private var timer: Task<Void, Never>?

    var agentFile: KeptAgentFile
    var server = ServerState.noData
    /// Last full look at a running server.
    var seen: ServerStatus?
    var activity: RunningActivity?
    var followed: FollowedLeader?
    /// The remote server this standby leader was told to follow.
    var followedRemote: FollowedRemote?
    /// What keeps a standby cluster from following its remote server; nil when nothing does.
    var remoteProblem: String?
    /// Why this running primary cannot become a standby of the remote server.
    var remoteObjection: String?
    /// What that was asked of last, and when it is asked again.
    var askedRemote: StandbyCluster?
    var nextLookAtRemote = BootInstant(nanoseconds: 0)
    /// The question, while it has no answer; it has a deadline of its own.
    var questionToRemote: Task<Void, Never>?
    /// Since when this running standby has received nothing; nil while it streams.
    var notStreamingSince: BootInstant?
    /// Standbys that did not answer when this member was to stream or copy from them, and until when they are left alone.
    var avoidedSources: [String: BootInstant] = [:]
    var standsBackUntil: BootInstant?
    /// How often pg_rewind has failed, one after the other, though its source answers.
    var failedRewinds = 0
    /// This leader has no running primary, and since when.
    var outage: PrimaryOutage?
    /// What the promotion of this elected member waits for; nil while it does not take long, and once it streams or leads.
    var promotionProblem: String?
    var nextLookForSuccessor = BootInstant(nanoseconds: 0)
    /// A server this leader has started does not let anybody in yet.
    var isComingUp = false
    /// Somebody started the server by hand; so long it may take to let anybody in.
    var startedByHandUntil = BootInstant(nanoseconds: 0)
    /// Until then somebody else is to lead: this member gave the lock up.
    var gaveWayUntil = BootInstant(nanoseconds: 0)
    var isStopping = false
    private(set) var hasEnded = false
    var lastDecision: Decision?
    /// When the server first failed to answer; nil while it answers.
    var silentSince: BootInstant?
    var nextFreshProbe = BootInstant(nanoseconds: 0)
    var appliedSettings: PostgresSettings?
    var appliedRole: ServerRole?
    /// What the store says and PostgreSQL refuses; not tried again until it changes. Without what the agent decides, like the
    /// two that follow.
    var refusedSettings: PostgresSettings?
    /// What a server of this member has taken last; nil when none ever did.
    var acceptedSettings: PostgresSettings?
    /// A start with these has failed; nil again once a server has come up.
    var doubtedSettings: PostgresSettings?
    /// What in the store cannot be read and is not used.
    var storeProblems: [Problem] = []
    /// Why settings of the store are not used; nil while PostgreSQL has taken them all.
    var settingsFault: SettingsFault?
    /// What keeps this member from having data, and only a person can mend; nil when nothing does.
    var beginningFault: SettingsFault?
    /// What this leader's server has too little of for the members there are to be; nil: nothing.
    var shortage: String?
    var hasCheckpointSincePromotion = true
    var isCheckpointing = false
    /// The timeline this primary writes on, and the switch that began it, which the store's history ends with. Nil on the
    /// first one, which no switch began, and until the switch of another is known.
    var begun: (timeline: Timeline, change: TimelineSwitch)?
    /// No standby any more and no leader yet: no Service leads here.
    var isRouteWithdrawn = false
    /// What that promotion may have cost.
    var unannouncedLoss: FailoverLoss?
    /// The lock as this member found it when it took it; nil when it has not in this life of the agent.
    var takenLock: TakenLock?
    var slotsEnsuredFor: Set<SlotName>?
    /// The three roles are known to exist in this server.
    var hasRoles = false
    /// What the server is to wait for; nil before this agent has decided it.
    var standbyNames: SynchronousStandbyNames?
    /// The value the server runs with, and who of its processes has read it.
    var namesInForce: NamesInForce?
    /// Has standbys confirm anew after a change of the names.
    var confirming: Task<Void, Never>?
    /// Record this member's election was decided on; nil when it was not elected in this life of the agent.
    var electedOver: SynchronousState?
    /// Until then standbys that were recorded may still reconnect to a primary that has just begun.
    var standbysAreAwaitedUntil: BootInstant?
    /// The member this one took over from; nobody waits for it to reconnect.
    var formerLeader: String?
    /// Steps are left, or wait for a standby: look again soon.
    var isSynchronousUnsettled = false
    /// A write of the synchronous record, perhaps of an earlier life, was not answered and is not settled.
    var mayRecordStillLand = true
    /// Ordinary users are held out until the standbys have confirmed what they would see.
    var holdsOutUsers = false
    /// What this member promised; read from disk when the agent starts.
    var seal: Seal? {
        didSet { watch.note(seal) }
    }
    /// It took the lock as the named heir, or as the candidate of a request; false again once it leads.
    var isElectedByRequest = false
    /// The request this member was elected with; nil once its outcome is told.
    var wonRequest: WonRequest?
    /// The request that was taken off last; nil once the watch has seen it go.
    var answeredRequest: FailoverRequest?
    /// What became of the restart this member was asked for last.
    var restartReport: RestartReport?
    /// What the callbacks were told.
    var story = CallbackStory()
    /// Somebody writes the server's configuration now.
    var isWritingConfiguration = false
    var slotKeeping = SlotKeeping()

    struct RunningActivity {
        let kind: Activity
        let number: Int
        let task: Task<Void, Never>
    }
    private var activityCount = 0

    init(
        configuration: AgentConfiguration, identity: HolderIdentity, file: AgentFile, instance: PostgresInstance,
        store: any ClusterStore, watch: ClusterWatch, keeper: LockKeeper, publisher: MemberPublisher,
        route: RouteKeeper, peers: PeerClient, watchdog: Watchdog, callbacks: CallbackRunner, state: AgentState,
        logger: Logger
    ) {
        self.configuration = configuration
        self.identity = identity
        agentFile = KeptAgentFile(file)
        self.instance = instance
        self.store = store
        self.watch = watch
        self.keeper = keeper
        self.publisher = publisher
        self.route = route
        self.peers = peers
        self.watchdog = watchdog
        self.callbacks = callbacks
        self.state = state
        self.logger = logger
        trace = configuration.trace.map { DecisionTrace(path: $0, logger: logger) }
        (wakeups, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    var me: String { configuration.member }
    var file: AgentFile { agentFile.file }
    var tags: MemberTags { file.tags[me] ?? MemberTags() }
    var timings: Timings { watch.view()?.configuration.timings ?? .standard }

    /// Runs until the agent was asked to stop and the server is down.
    func run() async {
        if await instance.adopt() != nil { holdsOutUsers = instance.holdsOutUsers }
        readAcceptedSettings()
        seal = instance.promise.flatMap { Seal(onDisk: $0) }
        wake.yield()
        for await _ in wakeups {
            await cycle()
            if hasEnded { break }
        }
        timer?.cancel()
        confirming?.cancel()
    }

    /// Begins an orderly end: the server is stopped and the lock handed over.
    func stop() {
        logger.notice("asked to stop")
        isStopping = true
        if let activity, activity.kind.isBrokenOffByStop { activity.task.cancel() }
        wake.yield()
    }

    func end() {
        hasEnded = true
        wake.yield()
    }

    // MARK: One cycle

    private func cycle() async {
        guard var view = watch.view() else {
            remember(nil, lock: .neverTaken, pause: .seconds(1))
            scheduleWake(after: .seconds(1))
            if isStopping, activity == nil { begin(.stopping) { await $0.stopWithoutStore() } }
            return
        }
        // The watch may still show what was answered a moment ago; a second answer would replace the first.
        if view.failover == answeredRequest { view.failover = nil } else { answeredRequest = nil }
        refreshTerms(view)
        if activity == nil {
            server = await observeServer(view)
            noteStreaming()
            notePromotionIsOver()
        }
        let isPrimary = if case .primary = server { true } else { false }
        state.update { $0.isPrimary = isPrimary }
        await lowerFenceWhenIdle()
        await noteOutage(view)
        noteRemote(view)
        await noteShortage(view)
        keepFence()
        let isWatchdogMissing = keepWatchdog(view)
        noteStoreProblems()
        // Taken after the last wait: the lock as it is now, not as it was before we asked the server.
        var observation = Observation(
            now: .now(), me: me, tags: tags, cluster: view, lock: watch.standing(ttl: view.configuration.timings.ttl),
            server: server, activity: activity?.kind, followed: followed, followedRemote: followedRemote,
            remoteObjection: remoteObjection, notStreamingSince: notStreamingSince,
            avoidedSources: avoidedSources, standsBackUntil: standsBackUntil,
            isStopping: isStopping, isFailsafeActive: keeper.isByConsent,
            isElectedByRequest: isElectedByRequest, wonRequest: wonRequest?.request,
            wallClock: WallClock.instant(), answeredRestart: restartReport(in: view)?.id, lockEnd: keeper.end,
            outage: outage,
            isWatchdogMissing: isWatchdogMissing)
        tell(story.look(observation))
        if let source = sourceGivenUp(observation) {
            avoid(source, because: "nothing was received from it")
            observation.avoidedSources = avoidedSources
        }
        let decision = decide(observation)
        trace?.record(observation, decision)
        record(decision, observation)
        await carryOut(decision, observation)
        let lock = watch.standing(ttl: view.configuration.timings.ttl)
        publish(view, lock: lock)
        let pause = longestPause(
            after: observation, lockExpiry: watch.lockExpiry(ttl: view.configuration.timings.ttl),
            isSilent: silentSince != nil, isSynchronousUnsettled: isSynchronousUnsettled)
        remember(view, lock: lock, pause: pause)
        scheduleWake(after: pause)
    }

    private func remember(_ view: ClusterView?, lock: LockStanding, pause: Duration) {
        let snapshot = snapshot(view, lock: lock, wish: publisher.wanted, nextLoop: .now() + pause)
        state.update { $0.snapshot = snapshot }
    }

    private func record(_ decision: Decision, _ observation: Observation) {
        let metadata: Logger.Metadata = [
            "action": "\(decision.action)", "lock": "\(observation.lock)",
            "epoch": "\(observation.cluster.lock?.epoch ?? 0)",
        ]
        // Waiting for an action, or for its turn to race again, is no news.
        let isInterlude =
            decision.action == .wait
            && (observation.activity != nil || standsBackUntil.map { observation.now < $0 } ?? false)
        guard decision != lastDecision, !isInterlude else {
            logger.debug("\(decision.reason)", metadata: metadata)
            return
        }
        lastDecision = decision
        let level: Logger.Level = decision.action == .refuse ? .critical : .notice
        logger.log(level: level, "\(decision.reason)", metadata: metadata)
    }

    private func scheduleWake(after pause: Duration) {
        timer?.cancel()
        let wake = wake
        timer = Task {
            // Cancelled when another cycle set another timer.
            do { try await Task.sleep(for: pause) } catch { return }
            wake.yield()
        }
    }

    private func refreshTerms(_ view: ClusterView) {
        let entry = FailsafeList.Entry(name: me, apiURL: configuration.apiURL, podUID: configuration.podUID)
        let list = FailsafeList.recorded(by: entry, in: view)
        state.update {
            $0.timings = view.configuration.timings
            $0.failsafe = list
        }
        let read = Result { () throws(Problem) in try AgentFile.read(path: configuration.agentFile) }
        switch agentFile.take(read, at: .now()) {
        case .unchanged: break
        case .replaced:
            logger.notice("the agent file has changed")
            route.note(file.route)
        case .refused(let problem):
            logger.error("the agent file is not used, the former one stays in force: \(problem)")
        case .mended: logger.notice("the agent file can be used again")
        }
    }

    // MARK: Activities

    /// Starts a long action. Its end wakes the loop, which then looks again at what there is.
    ///
    /// - Parameter overtaking: does not wait for the action it cancels; for a demotion, which kills what that one started.
    func begin(
        _ kind: Activity, overtaking: Bool = false,
        _ body: @escaping @Sendable (isolated AgentLoop) async throws -> Void
    ) {
        activityCount += 1
        let number = activityCount
        let started = BootInstant.now()
        let former = activity?.task
        former?.cancel()
        state.update {
            $0.healthyUntil = ServerHealth.renewable(until: $0.healthyUntil, during: kind, from: started, timings)
        }
        // Owned by `activity`; at most one runs, and it ends itself by `finish`.
        let task = Task {
            if !overtaking { await former?.value }
            do {
                try await body(self)
                logger.info("\(kind.rawValue): done", metadata: ["elapsed": "\(BootInstant.now() - started)"])
            } catch {
                logger.error("\(kind.rawValue): \(error)", metadata: ["elapsed": "\(BootInstant.now() - started)"])
                // Whatever is wrong may last: do not spin on it.
                try? await Task.sleep(for: .milliseconds(500))
            }
            if overtaking { await former?.value }
            finish(number)
        }
        activity = RunningActivity(kind: kind, number: number, task: task)
    }

    private func finish(_ number: Int) {
        guard activity?.number == number else { return }
        activity = nil
        let end = ServerHealth.renewable(afterActivityAt: .now(), timings)
        state.update { $0.healthyUntil = end }
        wake.yield()
    }
}
