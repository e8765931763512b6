import AgentAPI
import CLinux
import ClusterRecords
import ClusterStore
import Fence
import Glibc
import HTTPTransport
import HighAvailability
import KubernetesClient
import KubernetesStore
public import Logging
import Observability
import PostgresConfiguration
import PostgresInstance
import Units

/// One member's agent, from its first log line to its last.
public struct AgentProcess: Sendable {
    private let configuration: AgentConfiguration
    private let clock: any AgentClock = BootClock()
    private let logger: Logger

    public init(configuration: AgentConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// Runs until `stopRequested` has returned and been answered by an orderly end.
    ///
    /// - Parameter stopRequested: returns when the orchestrator asks this member to stop.
    /// - Throws: ``AgentError`` for what no retry mends: a missing program, an unreadable agent file.
    public func run(until stopRequested: @escaping @Sendable () async -> Void) async throws {
        let file: AgentFile
        do {
            file = try AgentFile.read(path: configuration.agentFile)
        } catch {
            throw AgentError(.configuration, "\(error)")
        }
        let scope = configuration.scope
        let credentials = try Credentials(directory: configuration.secretsDirectory)
        let keys = MembershipKeys(
            passwordFile: credentials.replication.passwordFile, scope: scope, logger: logger)
        let instance = PostgresInstance(layout: try layout(), credentials: credentials, logger: logger)
        let identity = HolderIdentity(
            member: configuration.member, podUID: configuration.podUID, nonce: Self.nonce())
        let api = try ClusterConfiguration.automatic()
        let client = KubernetesClient(configuration: api)
        let state = AgentState()
        let instanceName = nameOfContainerInstance()
        state.update { $0.containerInstance = instanceName }
        let fence = try FenceHandle.inherited()
        if fence == nil { logger.warning("no init above this agent: nothing fences PostgreSQL if the agent freezes") }
        let desk = LockDesk(me: identity, fence: fence, clock: clock)
        let watch = ClusterWatch(
            scope: scope, lockObject: file.lockObject, container: MemberPod.container, desk: desk, clock: clock)
        let watcher = ClusterWatcher(
            client: client, scope: scope, lockObject: file.lockObject, watch: watch, clock: clock, logger: logger)
        let store = KubernetesClusterStore(
            client: client, lockClient: KubernetesClient(configuration: api, options: Self.lockOptions), scope: scope,
            lockObject: file.lockObject, watch: watch, logger: logger, clock: clock,
            wallClock: { [clock] in clock.wallTime.text })
        let peers = PeerClient(PeerProver(transport: HTTPTransport(), keys: keys, clock: clock), clock: clock)
        let leader = FailsafeLeader(
            scope: scope, identity: identity,
            connectionURL: configuration.connectionURL, apiURL: configuration.apiURL)
        let watchdog = Watchdog(configuration.watchdog ?? file.watchdog, logger: logger)
        let keeper = LockKeeper(
            identity: identity, store: store, desk: desk, watchdog: watchdog, clock: clock, logger: logger,
            terms: { [clock] in state.terms(at: clock.now) },
            consent: { await peers.consent(to: $0, from: leader) })
        let publisher = MemberPublisher(
            store: store, member: configuration.member, podUID: configuration.podUID, clock: clock,
            logger: logger)
        let route = RouteKeeper(
            file.route, configuration: configuration, store: KubernetesRouteStore(client: client, scope: scope),
            cluster: store, watch: watch, state: state, clock: clock, logger: logger)
        let callbacks = CallbackRunner(configuration, clock: clock, logger: logger)
        let loop = AgentLoop(
            configuration: configuration, identity: identity, file: file, instance: instance, store: store,
            watch: watch, keeper: keeper, publisher: publisher, route: route, peers: peers, watchdog: watchdog,
            callbacks: callbacks, state: state, clock: clock, logger: logger)
        logger.notice(
            "agent started",
            metadata: ["version": "\(AgentVersion.current)", "member": "\(identity.member)", "pid": "\(getpid())"])
        await callbacks.start()
        try await serve(
            loop, instance: instance, watch: watch, watcher: watcher, keeper: keeper, publisher: publisher, route: route,
            state: state,
            responder: FailsafeResponder(
                scope: scope, identity: identity, watch: watch,
                state: state, logger: logger),
            peerGuard: PeerGuard(keys, clock: clock) { address in
                watch.view()?.members.values.contains { $0.host == address && $0.provesMembership == false } ?? false
            },
            until: stopRequested)
        // The server is down and the lock is somebody else's: nobody waits for this but the Pod.
        await callbacks.finish(within: Self.timeForCallbacks)
        logger.notice("agent ended")
    }

    /// How long the end of a Pod is put off for what tells of it.
    private static let timeForCallbacks = Duration.seconds(10)

    /// Lock traffic has a connection and a thread of its own. The store repeats what has to be repeated, with more sense.
    private static var lockOptions: ClientOptions {
        var options = ClientOptions()
        options.maximumRetryCount = 0
        options.threadName = "lock"
        return options
    }

    private func serve(
        _ loop: AgentLoop, instance: PostgresInstance, watch: ClusterWatch, watcher: ClusterWatcher,
        keeper: LockKeeper, publisher: MemberPublisher, route: RouteKeeper, state: AgentState, responder: FailsafeResponder,
        peerGuard: PeerGuard, until stopRequested: @escaping @Sendable () async -> Void
    ) async throws {
        let registry = MetricsRegistry()
        AgentMetrics.register(in: registry, clock: clock) { state.read().snapshot }
        let unread = MemberSnapshot(
            scope: configuration.scope.cluster, name: configuration.member, version: AgentVersion.current,
            state: .stopped,
            role: .uninitialized, nextLoop: clock.now + .seconds(60), ttl: .seconds(20))
        let routes = AgentRoutes(
            snapshot: { state.read().snapshot ?? unread }, position: { await loop.answerPosition() },
            seal: { await loop.answerSeal($0) },
            metrics: { registry.exposition() }, failsafe: { responder.respond(to: $0) },
            refusal: { peerGuard.refusal(of: $0) }, clock: clock)
        let server = StatusServer(port: configuration.apiPort, logger: logger, responder: routes.respond)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                await watcher.run()
                return false
            }
            group.addTask {
                await keeper.run()
                return false
            }
            group.addTask {
                await publisher.run()
                return false
            }
            group.addTask {
                await route.run()
                return false
            }
            group.addTask {
                try await server.run()
                return false
            }
            group.addTask {
                // The route first: of a lock that was just taken it is what clients wait for.
                for await _ in watch.changes {
                    route.wake()
                    loop.alarm.ring()
                }
                return false
            }
            group.addTask {
                for await exit in instance.exits { await loop.note(exit) }
                return false
            }
            group.addTask {
                await releaseCodeOfStart()
                return false
            }
            group.addTask {
                await stopRequested()
                await loop.stop()
                return false
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

    /// A member starts once and then idles for weeks: the code of its start, of bootstrap and of copying need not stay
    /// resident. Taking it off too early only costs that it is mapped again.
    private func releaseCodeOfStart() async {
        // Cancelled at the agent's end, when there is nothing left to release for.
        do { try await clock.sleep(for: .seconds(20)) } catch { return }
        clinux_release_code_pages()
    }

    private func layout() throws -> InstanceLayout {
        InstanceLayout(
            dataDirectory: configuration.dataDirectory, socketDirectory: configuration.socketDirectory,
            runtimeDirectory: configuration.runtimeDirectory,
            binaries: try PostgresBinaries.locate(searchPaths: configuration.binarySearchPaths),
            port: configuration.port, memberName: configuration.member,
            runAs: configuration.runAs.map { InstanceLayout.SystemUser(uid: $0.user, gid: $0.group) })
    }

    /// Nil, and said once, when this container cannot name itself: others then find its death by ttl alone.
    private func nameOfContainerInstance() -> String? {
        var generator = SystemRandomNumberGenerator()
        do throws(AgentError) {
            let drawn = ContainerInstance(generator.next(), generator.next())
            return try TerminationLog(path: configuration.terminationLog).instance(drawing: drawn).name
        } catch {
            logger.warning(
                "this container cannot name itself: if it is killed while it leads, the others wait out ttl",
                metadata: ["reason": "\(error.message)"])
            return nil
        }
    }

    private static func nonce() -> String {
        var generator = SystemRandomNumberGenerator()
        return String(generator.next(), radix: 36)
    }
}
