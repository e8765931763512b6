public import AgentShell
public import Logging
import NIOCore
import NIOPosix
public import Units

/// Answers the kubelet's probes on a port of their own, and nothing else.
///
/// - Guarantees: no question to the REST interface can hold up an answer. It has a port, an event loop and a thread of its own,
///   touches no task of the others, and answers from a snapshot in memory. One client cannot shut out the others: few
///   connections are kept, each for one short request, and one more closes the oldest.
public struct ProbeServer: Sendable {
    private static let limit = 64
    private static let patience = TimeAmount.seconds(2)
    private static let pause = Duration.seconds(1)

    private let hosts: [String]
    private let port: Int
    private let snapshot: @Sendable () -> MemberSnapshot
    private let clock: any AgentClock
    private let logger: Logger
    private let onListening: @Sendable (Int) async -> Void

    /// - Parameters:
    ///   - host: address to listen on; nil: all of this machine's, of both families.
    ///   - port: 0 takes a free one.
    ///   - snapshot: called for every probe; must not wait.
    ///   - clock: that of the snapshot's instants.
    ///   - onListening: called with the port once connections are accepted.
    public init(
        host: String? = nil, port: Int, snapshot: @escaping @Sendable () -> MemberSnapshot, clock: any AgentClock,
        logger: Logger, onListening: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        hosts = host.map { [$0] } ?? ListeningAddress.everywhere()
        self.port = port
        self.snapshot = snapshot
        self.clock = clock
        self.logger = logger
        self.onListening = onListening
    }

    /// Listens until the task is cancelled.
    ///
    /// A port that cannot be had is asked for again, and said once: a probe that fails is the kubelet's to judge, and no reason
    /// to end the agent.
    public func run() async {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let channels = await listen(on: group)
        if let port = channels.first?.localAddress?.port { await onListening(port) }
        // Ends by cancellation alone.
        while !Task.isCancelled, (try? await clock.sleep(for: .seconds(3600))) != nil {}
        for channel in channels { channel.close(promise: nil) }
        do {
            try await group.shutdownGracefully()
        } catch {
            logger.warning("the thread of the probes does not end", metadata: ["error": "\(error)"])
        }
    }

    /// - Returns: nothing when it was cancelled before.
    private func listen(on group: MultiThreadedEventLoopGroup) async -> [any Channel] {
        var wasSaid = false
        while !Task.isCancelled {
            var channels: [any Channel] = []
            do {
                let connections = OpenConnections(limit: Self.limit)
                for host in hosts { channels.append(try await bind(group, host, connections)) }
                return channels
            } catch {
                for channel in channels { channel.close(promise: nil) }
                if !wasSaid {
                    logger.error(
                        "cannot listen for the kubelet's probes",
                        metadata: ["port": "\(port)", "error": "\(error)"])
                }
                wasSaid = true
            }
            // Cancelled: the loop sees it.
            try? await clock.sleep(for: Self.pause)
        }
        return []
    }

    private func bind(
        _ group: MultiThreadedEventLoopGroup, _ host: String, _ connections: OpenConnections
    ) async throws -> any Channel {
        try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        ProbeHandler(connections, patience: Self.patience) { [snapshot, clock] path in
                            let member = snapshot()
                            return switch path {
                            case "/liveness": member.isAlive(at: clock.now)
                            case "/readiness": member.isReady(query: [:], now: clock.now)
                            case _: nil
                            }
                        })
                }
            }
            .bind(host: host, port: port).get()
    }
}
