import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

/// The member's loop: observe, decide, act, record.
///
/// All policy is in ``decide(_:)``; here is only how to see and how to do. Long actions run one at a time as ``Activity``;
/// the loop itself never waits for one. It does wait for the server's answers, and for the few writes to the API server and
/// questions to other members that a cycle makes, each with a deadline of `retryTimeout` at most (a question to three slow
/// members: 3 s). Neither a renewal of the lock nor the fence waits for the loop.
package actor AgentLoop {
    let configuration: AgentConfiguration
    let identity: HolderIdentity
    let instance: any LocalServer
    let store: any ClusterStore
    let watch: ClusterWatch
    let keeper: LockKeeper
    let publisher: MemberPublisher
    let route: RouteKeeper
    let peers: PeerClient
    let watchdog: Watchdog
    let callbacks: any CallbackTeller
    let state: AgentState
    let clock: any AgentClock
    /// Whoever writes the server's configuration is in there.
    let configurationTurn = Turnstile()
    /// Whoever has settings proven is in there.
    let proofTurn = Turnstile()
    let logger: Logger
    /// Nil unless somebody asked for it.
    let trace: (any DecisionRecorder)?
    /// Reads the agent file as it is now.
    private let readFile: @Sendable () throws(Problem) -> AgentFile

    nonisolated let alarm: Alarm
    /// Of whoever keeps the declared roles beside the loop.
    nonisolated let officeAlarm: Alarm

    var agentFile: KeptAgentFile
    var server = ServerState.noData
    var life = ServerLife()
    var activities = RunningActivities()
    var remoteServer = RemoteServer()
    var standingBack = StandingBack()
    var outage = OutageKeeping()
    private var stage = Stage()
    var settingsKeeping = SettingsKeeping()
    var reign = ReignKeeping()
    var synchronous = SynchronousKeeping()
    /// What this member promised; read from disk when the agent starts.
    var seal: Seal? {
        didSet { watch.note(seal) }
    }
    var requests = RequestKeeping()
    var told = Told()
    var slotKeeping = SlotKeeping()

    private struct Stage {
        /// What an earlier life left on the volume was read: no other container can change it any more.
        var knowsVolume = false
        /// Asked to stop.
        var isStopping = false
        /// The server is down.
        var hasEnded = false
    }

    init(
        configuration: AgentConfiguration, identity: HolderIdentity, file: AgentFile,
        readFile: @escaping @Sendable () throws(Problem) -> AgentFile, instance: any LocalServer,
        store: any ClusterStore, watch: ClusterWatch, keeper: LockKeeper, publisher: MemberPublisher,
        route: RouteKeeper, peers: PeerClient, watchdog: Watchdog, callbacks: any CallbackTeller,
        state: AgentState, trace: (any DecisionRecorder)?, clock: any AgentClock, logger: Logger
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
        self.clock = clock
        alarm = Alarm(clock: clock)
        officeAlarm = Alarm(clock: clock)
        self.logger = logger
        self.trace = trace
        self.readFile = readFile
    }

    var me: String { configuration.member }
    var isStopping: Bool { stage.isStopping }
    /// Whether what lies on the volume is this container's: before that no promise may be given that would be kept there.
    var knowsVolume: Bool { stage.knowsVolume }
    /// The long action that runs.
    var activity: RunningActivities.Running? { activities.current }
    /// Last full look at the server that runs.
    var seen: ServerStatus? { life.seen }
    var file: AgentFile { agentFile.file }
    var tags: MemberTags { file.tags[me] ?? MemberTags() }
    var timings: Timings { watch.view()?.configuration.timings ?? .standard }

    /// Runs until the agent was asked to stop and the server is down.
    func run() async {
        await readVolume()
        alarm.ring()
        for await _ in alarm.calls {
            // Each cycle ends with the pause until the next; the end of the one before would only have it look twice.
            alarm.stop()
            await cycle()
            if stage.hasEnded { break }
        }
        alarm.stop()
        synchronous.confirm(by: nil)
        settingsKeeping.application.cancel()
        settingsKeeping.proof.cancel()
    }

    /// Reads what an earlier life left, once the volume is this container's.
    private func readVolume() async {
        guard !stage.knowsVolume, await instance.claimVolume() else { return }
        if await instance.adopt() != nil { synchronous.holdsOutUsers = instance.holdsOutUsers }
        clearProof()
        readAcceptedSettings()
        seal = instance.promise.flatMap { Seal(onDisk: $0) }
        stage.knowsVolume = true
    }

    /// Begins an orderly end: the server is stopped and the lock handed over.
    func stop() {
        logger.notice("asked to stop")
        stage.isStopping = true
        settingsKeeping.proof.cancel()
        if let activity, activity.kind.isBrokenOffByStop { activity.task.cancel() }
        alarm.ring()
    }

    func end() {
        stage.hasEnded = true
        alarm.ring()
    }

    // MARK: One cycle

    private func cycle() async {
        guard var view = look()?.view else {
            remember(nil, lock: .neverTaken, pause: .seconds(1))
            alarm.ring(after: .seconds(1))
            if isStopping, activity == nil { begin(.stopping) { await $0.stopWithoutStore() } }
            return
        }
        refreshTerms(view)
        await readVolume()
        if activity == nil {
            server = await observeServer(view)
            life.noteStreaming(server, at: clock.now)
            notePromotionIsOver()
        }
        let isPrimary = if case .primary = server { true } else { false }
        state.update { $0.isPrimary = isPrimary }
        if isPrimary, watch.rolesRevision != nil { officeAlarm.ring() }
        await lowerFenceWhenIdle()
        await noteOutage(view)
        await noteShortage(view)
        // The last wait is over. The store and the lock are looked at together, as they are now and not as they were before we
        // asked the server: what follows, and what is decided, goes by the two of one instant.
        guard let latest = look() else { return alarm.ring(after: .seconds(1)) }
        let lock = latest.lock
        view = latest.view
        reign.look(lock, at: clock.now)
        if !mayHaveOutage(isMine: lock.isMine, isStopping: isStopping, view.configuration) { outage.end() }
        noteRemote(view)
        keepFence()
        let isWatchdogMissing = keepWatchdog(view)
        noteStoreProblems()
        var observation = Observation(
            now: clock.now, me: me, tags: tags, cluster: view, lock: lock, server: server, activity: activity?.kind,
            followed: life.followed, followedRemote: life.followedRemote,
            remoteObjection: remoteServer.objection, notStreamingSince: life.notStreamingSince,
            avoidedSources: standingBack.avoidedSources, standsBackUntil: standingBack.until,
            isStopping: isStopping, isFailsafeActive: keeper.isByConsent,
            isElectedByRequest: reign.isElectedByRequest, wonRequest: requests.won?.request,
            wallClock: clock.wallTime, answeredRestart: requests.restartReport(of: me, in: view)?.id,
            answeredReinitialize: requests.reinitializeReport(of: me, in: view).flatMap { $0.isFinal ? $0.id : nil },
            begunReinitialize: begunReinitialize(in: view),
            lockEnd: keeper.end,
            outage: outage.current,
            isWatchdogMissing: isWatchdogMissing, isVolumeStuck: volumeStuckSince != nil)
        tell(told.story.look(observation))
        if let source = sourceGivenUp(observation) {
            avoid(source, because: "nothing was received from it")
            observation.avoidedSources = standingBack.avoidedSources
        }
        let decision = decide(observation)
        trace?.record(observation, decision)
        record(decision, observation)
        await carryOut(decision, observation)
        let lockNow = watch.standing(ttl: view.configuration.timings.ttl)
        publish(view, lock: lockNow)
        let pause = longestPause(
            after: observation, lockExpiry: watch.lockExpiry(ttl: view.configuration.timings.ttl),
            isSilent: life.silentSince != nil, isSynchronousUnsettled: synchronous.isUnsettled)
        remember(view, lock: lockNow, pause: pause)
        // From when it was looked at, however long it took to carry out.
        alarm.ring(after: max(observation.now + pause - clock.now, shortestPause))
    }

    /// The store and the lock as they show themselves now, without the request that was answered a moment ago.
    private func look() -> (view: ClusterView, lock: LockStanding)? {
        guard let seen = watch.look() else { return nil }
        var view = seen.view
        view.failover = requests.standing(view.failover)
        return (view, seen.standing)
    }

    private func remember(_ view: ClusterView?, lock: LockStanding, pause: Duration) {
        let snapshot = snapshot(view, lock: lock, wish: publisher.wanted, nextLoop: clock.now + pause)
        state.update { $0.snapshot = snapshot }
    }

    private func record(_ decision: Decision, _ observation: Observation) {
        func metadata() -> Logger.Metadata {
            var facts: Logger.Metadata = [
                "action": "\(decision.action)", "lock": "\(observation.lock)",
                "epoch": "\(observation.cluster.lock?.epoch ?? 0)",
            ]
            if let timeline = observation.server.timeline { facts["timeline"] = "\(timeline)" }
            // Of a lock that nobody holds this is since when its last holder was silent.
            if let sign = watch.lastSign { facts["lock-age"] = "\(clock.now - sign)" }
            return facts
        }
        // Waiting for an action, or for its turn to race again, is no news.
        let isInterlude =
            decision.action == .wait
            && (observation.activity != nil || standingBack.until.map { observation.now < $0 } ?? false)
        if !isInterlude {
            told.decisions.note(
                .decision, decision.action.words, because: decision.reason, at: clock.wallTime.text
            ) { observation.saw }
        }
        guard decision != told.decision, !isInterlude else {
            logger.debug("\(sentence(of: decision))", metadata: metadata())
            return
        }
        told.decision = decision
        let level: Logger.Level = decision.action == .refuse ? .critical : .notice
        logger.log(level: level, "\(sentence(of: decision))", metadata: metadata())
    }

    /// What a decision says to people: of data that are left alone also where they are.
    func sentence(of decision: Decision) -> String {
        decision.action == .refuse ? "\(decision.reason): \(configuration.dataDirectory)" : decision.reason
    }

    private func refreshTerms(_ view: ClusterView) {
        let entry = FailsafeList.Entry(name: me, apiURL: configuration.apiURL, podUID: configuration.podUID)
        let list = FailsafeList.recorded(by: entry, in: view)
        let isNews = state.update { state in
            defer { (state.timings, state.failsafe) = (view.configuration.timings, list) }
            return state.timings != view.configuration.timings || state.failsafe != list
        }
        if isNews { keeper.noteTerms() }
        let read = Result { () throws(Problem) in try readFile() }
        switch agentFile.take(read, at: clock.now) {
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
        let number = activities.nextNumber()
        let started = clock.now
        let former = activity?.task
        former?.cancel()
        state.update {
            $0.healthyUntil = ServerHealth.renewable(until: $0.healthyUntil, during: kind, from: started, timings)
            $0.isOccupied = true
        }
        // Owned by `activities`.
        let task = clock.start {
            if !overtaking { await former?.value }
            await self.perform(kind, number, since: started, body)
            if overtaking { await former?.value }
            await self.finish(number)
        }
        activities.begin(kind, number, task)
    }

    private func perform(
        _ kind: Activity, _ number: Int, since started: BootInstant,
        _ body: @escaping @Sendable (isolated AgentLoop) async throws -> Void
    ) async {
        do {
            try await body(self)
            activities.work.noteEnd(ofAction: number, hasFailed: false)
            logger.info("\(kind.rawValue): done", metadata: ["elapsed": "\(clock.now - started)"])
        } catch {
            activities.work.noteEnd(ofAction: number, hasFailed: true)
            logger.error("\(kind.rawValue): \(error)", metadata: ["elapsed": "\(clock.now - started)"])
            // Others' words stay in the log: everybody may read this.
            told.decisions.note(
                .failure, kind.rawValue, because: "it did not come to its end; the log says why",
                at: clock.wallTime.text
            ) { ["lasted": "\(clock.now - started)"] }
            // Whatever is wrong may last: do not spin on it.
            try? await clock.sleep(for: .milliseconds(500))
        }
    }

    private func finish(_ number: Int) {
        guard activities.end(number) else { return }
        let end = ServerHealth.renewable(afterActivityAt: clock.now, timings)
        state.update {
            $0.healthyUntil = end
            $0.isOccupied = false
        }
        alarm.ring()
    }
}
