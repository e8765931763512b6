import AgentAPI
public import AgentShell
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
        let reader = AgentFileReader(path: configuration.agentFile)
        let file: AgentFile
        do {
            file = try reader.read()
        } catch {
            throw AgentError(.configuration, "\(error)")
        }
        let scope = configuration.scope
        let credentials = try Credentials(directory: configuration.secretsDirectory)
        let keys = MembershipKeys(
            passwordFile: credentials.replication.passwordFile, scope: scope, logger: logger)
        let volume = try VolumeHold.inherited()
        if volume == nil { logger.warning("nothing keeps another container off the volume: no init has opened it") }
        let instance = PostgresInstance(
            layout: try layout(), credentials: credentials, volume: volume, logger: logger)
        let identity = HolderIdentity(
            member: configuration.member, podUID: configuration.podUID, nonce: Self.nonce())
        let api = try ClusterConfiguration.automatic()
        let client = KubernetesClient(configuration: api)
        let instanceName = nameOfContainerInstance()
        let fence = try FenceHandle.inherited()
        if fence == nil { logger.warning("no init above this agent: nothing fences PostgreSQL if the agent freezes") }
        let callbacks = CallbackRunner(configuration, clock: clock, logger: logger)
        let agent = MemberAgent(
            configuration, identity: identity, file: file,
            readFile: { () throws(Problem) in try reader.read() },
            containerInstance: instanceName,
            ports: MemberAgent.Ports(
                server: instance,
                objects: KubernetesObjects(
                    client: client, lockClient: KubernetesClient(configuration: api, options: Self.lockOptions),
                    scope: scope, lockObject: file.lockObject),
                routes: KubernetesRouteStore(client: client, scope: scope),
                peers: PeerProver(transport: HTTPTransport(), keys: keys, clock: clock), fence: fence,
                watchdog: Watchdog(configuration.watchdog ?? file.watchdog, logger: logger), callbacks: callbacks,
                trace: configuration.trace.map { DecisionTrace(path: $0, logger: logger) }, clock: clock),
            logger: logger)
        let watcher = ClusterWatcher(
            client: client, scope: scope, lockObject: file.lockObject, watch: agent.watch, clock: clock, logger: logger)
        let roles = RoleKeeper(
            KubernetesRoleDeclarations(client: client, scope: scope), server: instance, agent: agent, clock: clock,
            logger: logger)
        let server = statusServer(of: agent, keys)
        let probes = ProbeServer(
            port: configuration.probePort, snapshot: { [unread] in agent.state.snapshot ?? unread }, clock: clock,
            logger: logger)
        logger.notice(
            "agent started",
            metadata: ["version": "\(AgentVersion.current)", "member": "\(identity.member)", "pid": "\(getpid())"])
        await callbacks.start()
        try await agent.run(
            beside: [
                { await watcher.run() }, { try await server.run() }, { await probes.run() },
                { await roles.run() },
                { await releaseCodeOfStart() },
            ],
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

    /// What is answered before the first cycle.
    private var unread: MemberSnapshot {
        MemberSnapshot(
            scope: configuration.scope.cluster, name: configuration.member, version: AgentVersion.current,
            state: .stopped, role: .uninitialized, nextLoop: clock.now + .seconds(60), ttl: .seconds(20))
    }

    private func statusServer(of agent: MemberAgent, _ keys: MembershipKeys) -> StatusServer {
        let (loop, state, watch, responder) = (agent.loop, agent.state, agent.watch, agent.responder)
        let peerGuard = PeerGuard(keys, clock: clock) { address in
            watch.view()?.members.values.contains { $0.host == address && $0.provesMembership == false } ?? false
        }
        let registry = MetricsRegistry()
        AgentMetrics.register(in: registry, clock: clock) { state.snapshot }
        let routes = AgentRoutes(
            snapshot: { [unread] in state.snapshot ?? unread }, position: { await loop.answerPosition() },
            seal: { await loop.answerSeal($0) },
            metrics: { registry.exposition() }, failsafe: { responder.respond(to: $0) },
            refusal: { peerGuard.refusal(of: $0) }, clock: clock)
        return StatusServer(port: configuration.apiPort, logger: logger, responder: routes.respond)
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
            scriptsDirectory: "\(configuration.secretsDirectory)/\(MemberPod.scriptsFolder)",
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
