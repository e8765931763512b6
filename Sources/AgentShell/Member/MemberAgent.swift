package import ClusterRecords
package import ClusterStore
package import HighAvailability
package import Logging
package import ServerControl
package import Units

/// One life of a member's agent: the loop and its keepers, put together around what they see and act on.
///
/// The same in both worlds: in a Pod the ports lead to PostgreSQL, the API server, init and the other agents, in the simulator
/// to a modelled world. Nothing here starts a process, opens a socket or a file.
package struct MemberAgent: Sendable {
    package let loop: AgentLoop
    /// To be told what is seen in the store.
    package let watch: ClusterWatch
    package let state: AgentState
    /// Answers leaders that cannot reach the store.
    package let responder: FailsafeResponder
    private let keeper: LockKeeper
    private let publisher: MemberPublisher
    private let route: RouteKeeper

    /// What an agent sees and acts on.
    package struct Ports: Sendable {
        package var server: any LocalServer
        package var objects: any StoreObjects
        package var routes: any RouteStore
        package var peers: any PeerLine
        /// Nil when no init runs above this agent; then nothing is fenced.
        package var fence: (any FenceLine)?
        package var watchdog: Watchdog
        package var callbacks: any CallbackTeller
        package var trace: (any DecisionRecorder)?
        package var clock: any AgentClock

        package init(
            server: any LocalServer, objects: any StoreObjects, routes: any RouteStore, peers: any PeerLine,
            fence: (any FenceLine)?, watchdog: Watchdog, callbacks: any CallbackTeller,
            trace: (any DecisionRecorder)? = nil, clock: any AgentClock
        ) {
            self.server = server
            self.objects = objects
            self.routes = routes
            self.peers = peers
            self.fence = fence
            self.watchdog = watchdog
            self.callbacks = callbacks
            self.trace = trace
            self.clock = clock
        }
    }

    /// - Parameters:
    ///   - file: the agent file as it was read at the start.
    ///   - readFile: reads it as it is now.
    ///   - containerInstance: the name by which the kubelet will report this container's death; nil: it has none.
    package init(
        _ configuration: AgentConfiguration, identity: HolderIdentity, file: AgentFile,
        readFile: @escaping @Sendable () throws(Problem) -> AgentFile, containerInstance: String?, ports: Ports,
        logger: Logger
    ) {
        let (scope, clock) = (configuration.scope, ports.clock)
        let state = AgentState()
        state.update { $0.containerInstance = containerInstance }
        let desk = LockDesk(me: identity, fence: ports.fence, clock: clock)
        let watch = ClusterWatch(
            scope: scope, lockObject: file.lockObject, container: MemberPod.container, desk: desk, clock: clock)
        let store = AnnotationStore(
            objects: ports.objects, scope: scope, lockObject: file.lockObject, watch: watch, clock: clock,
            wallClock: { clock.wallTime.text })
        let peers = PeerClient(ports.peers, clock: clock)
        let leader = FailsafeLeader(
            scope: scope, identity: identity, connectionURL: configuration.connectionURL,
            apiURL: configuration.apiURL)
        let keeper = LockKeeper(
            identity: identity, store: store, desk: desk, watchdog: ports.watchdog, clock: clock, logger: logger,
            terms: { state.terms(at: clock.now) }, consent: { await peers.consent(to: $0, from: leader) })
        let publisher = MemberPublisher(
            store: store, member: configuration.member, podUID: configuration.podUID, clock: clock, logger: logger)
        let route = RouteKeeper(
            file.route, configuration: configuration, store: ports.routes, cluster: store, watch: watch, state: state,
            clock: clock, logger: logger)
        loop = AgentLoop(
            configuration: configuration, identity: identity, file: file, readFile: readFile, instance: ports.server,
            store: store, watch: watch, keeper: keeper, publisher: publisher, route: route, peers: peers,
            watchdog: ports.watchdog, callbacks: ports.callbacks, state: state, trace: ports.trace, clock: clock,
            logger: logger)
        responder = FailsafeResponder(scope: scope, identity: identity, watch: watch, state: state, logger: logger)
        self.watch = watch
        self.state = state
        self.keeper = keeper
        self.publisher = publisher
        self.route = route
    }

    /// Works until it was asked to stop and its server is down.
    ///
    /// - Parameters:
    ///   - others: what serves this agent for as long as it lives: whoever tells ``watch``, whoever asks ``loop`` for others.
    ///   - stopRequested: returns when the orchestrator asks this member to stop.
    /// - Throws: what one of `others` throws; the server then runs on, under its fence.
    package func run(
        beside others: [@Sendable () async throws -> Void], until stopRequested: @escaping @Sendable () async -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            let served: [@Sendable () async throws -> Void] = [
                { await keeper.run() }, { await publisher.run() }, { await route.run() }, { await wakeUponChange() },
                { for await exit in loop.instance.exits { await loop.note(exit) } },
                {
                    await stopRequested()
                    if !Task.isCancelled { await loop.stop() }
                },
            ]
            for work in others + served {
                group.addTask {
                    try await work()
                    return false
                }
            }
            group.addTask {
                await loop.run()
                return true
            }
            // The loop ends when everything is down; all others only serve it.
            while let isOver = try await group.next() { if isOver { break } }
            group.cancelAll()
        }
    }

    /// The route first: of a lock that was just taken it is what clients wait for.
    private func wakeUponChange() async {
        for await _ in watch.changes {
            route.wake()
            loop.alarm.ring()
        }
    }
}
