import HighAvailability
import PostgresConfiguration
import ServerControl
import Units

extension WorldServer {
    func observe(deadline: Duration) async -> ServerObservation {
        pod.looks += 1
        do {
            guard postgres.hasPostmaster else { return Self.nobody }
            // A frozen server answers nobody, and a frozen postmaster nobody who comes anew.
            guard pod.frozenServer == 0, pod.frozenPostmaster == 0 || session == postgres.postmaster else {
                try await life.call { done in
                    world.schedule(after: deadline.microseconds, life.owner) { done(.success(())) }
                }
                return .unreachable(SessionFailure(.timeout, "no answer"))
            }
            try await life.pause(300...2_500)
        } catch {
            return .unreachable(SessionFailure(.other, "\(error)"))
        }
        switch postgres.process {
        case .none, .orphans: return Self.nobody
        case .startingPrimary, .startingStandby, .stopping:
            return .unreachable(SessionFailure(.cannotConnectNow, "the database system is starting up"))
        case .primary, .standby:
            session = postgres.postmaster
            return .answered(status)
        }
    }

    private static let nobody = ServerObservation.unreachable(SessionFailure(.connectionFailed, "nobody listens"))

    private var status: ServerStatus {
        let isInRecovery = postgres.process == .standby
        let (received, replayed) = (LSN(rawValue: postgres.received), LSN(rawValue: postgres.replayed))
        let upstream = postgres.upstream.map { world.pods[$0] }
        return ServerStatus(
            isInRecovery: isInRecovery, timeline: Timeline(rawValue: postgres.timeline),
            systemIdentifier: postgres.systemIdentifier, insertPosition: isInRecovery ? nil : received,
            flushPosition: isInRecovery ? nil : LSN(rawValue: postgres.flushed),
            receivePosition: isInRecovery ? LSN(rawValue: postgres.flushed) : nil,
            writtenPosition: isInRecovery ? received : nil, replayPosition: isInRecovery ? replayed : nil,
            version: Self.version, postmasterStartTime: String(postgres.life),
            synchronousStandbyNames: postgres.names.count == 0 ? "" : postgres.names.description,
            receiver: isInRecovery && postgres.connection != nil
                ? ServerStatus.Receiver(
                    status: "streaming", host: upstream?.address, port: 5432, slot: nil,
                    timeline: upstream.map { Timeline(rawValue: $0.server.timeline) }) : nil,
            standbys: postgres.senders.map(standby))
    }

    private func standby(_ sender: PostgresServer.Sender) -> ServerStatus.Standby {
        let name = world.name(world.pods[sender.pod].member)
        let acknowledged = LSN(rawValue: sender.acknowledged)
        let connected = Set(postgres.senders.map { world.pods[$0.pod].member })
        return ServerStatus.Standby(
            userName: "replication", applicationName: name, address: world.pods[sender.pod].address,
            state: "streaming", sent: LSN(rawValue: sender.sent), written: acknowledged, flushed: acknowledged,
            replayed: acknowledged,
            synchronousState: postgres.rule.state(of: world.pods[sender.pod].member, among: connected),
            synchronousPriority: postgres.rule.priority(of: world.pods[sender.pod].member))
    }

    static let version = ServerVersion(major: 15)

    /// A stopped postmaster still answers over old connections.
    func probeFreshSession(deadline: Duration) async -> FreshSession {
        do {
            guard pod.frozenPostmaster == 0, pod.frozenServer == 0 else {
                try await life.call { done in
                    world.schedule(after: deadline.microseconds, life.owner) { done(.success(())) }
                }
                return .silent
            }
            try await life.pause(300...2_500)
            return postgres.isAnswering ? .opened : .silent
        } catch {
            return .silent
        }
    }

    func areLoginsBehindLock(deadline: Duration) async -> Bool { false }

    func lookAtVolume(every pause: Duration) -> VolumeLook {
        guard pod.stuckVolume > 0, world.now - pod.stuckSince >= .seconds(1) else { return .answers }
        return .silent(since: pod.clock.read(pod.stuckSince))
    }

    func isDying() async -> Bool { !postgres.hasPostmaster }

    func recoveryStatus(deadline: Duration) async throws -> RecoveryStatus {
        try await life.pause(300...2_500)
        guard postgres.isAnswering else { throw SessionFailure(.other, "the server does not answer") }
        return RecoveryStatus(
            isInRecovery: postgres.process == .standby, replayed: LSN(rawValue: postgres.replayed),
            left: LSN(rawValue: postgres.received).bytes(since: LSN(rawValue: postgres.replayed)), wait: .nothing)
    }

    var database: String { "postgres" }
    var missingDatabase: String? { nil }
}
