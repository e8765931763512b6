import AgentAPI
import AgentShell
import ClusterRecords
import HighAvailability
import Logging
import TestSupport
import Units

/// Members in the states that the REST interface tells apart. Now is 100 s after boot, ttl 20 s.
enum AgentAPIFixture {
    static let now = BootInstant(nanoseconds: 100_000_000_000)
    static let leaderPosition = LSN(rawValue: 0x500_0000)

    static func member(
        _ role: MemberRole, _ state: MemberState = .running, _ change: (inout MemberSnapshot) -> Void = { _ in }
    ) -> MemberSnapshot {
        var member = MemberSnapshot(
            scope: "demo", name: "demo-0", version: "0.1.0", state: state, role: role,
            nextLoop: now + .seconds(3), ttl: .seconds(20))
        member.isAnswering = state == .running
        member.serverVersion = 150_018
        member.postmasterStartTime = "2026-11-20 20:00:00.123456+00:00"
        member.systemIdentifier = "7412345678901234567"
        member.timeline = Timeline(rawValue: 3)
        member.storeSeen = now - .seconds(1)
        member.storeSeenEpochSeconds = 1_795_219_199
        member.leaderPosition = leaderPosition
        if role == .primary {
            member.location = leaderPosition
            member.lockExpiry = now + .seconds(10)
        } else {
            member.received = leaderPosition
            member.replayed = leaderPosition
            member.replicationState = state == .running ? "streaming" : nil
        }
        if role == .standbyLeader { member.lockExpiry = now + .seconds(10) }
        change(&member)
        return member
    }

    static func routes(
        _ member: MemberSnapshot, position: @escaping @Sendable () async -> PositionAnswer? = { nil }
    ) -> AgentRoutes {
        AgentRoutes(
            snapshot: { member }, position: position, metrics: { "patroni_primary 1\n" },
            failsafe: { .text("asked: \($0)") }, refusal: { _ in nil }, clock: ManualClock(Self.now))
    }

    /// A server on a free port of this machine.
    static func server(
        _ routes: AgentRoutes, onListening: @escaping @Sendable (Int) async -> Void
    ) -> StatusServer {
        StatusServer(
            host: "127.0.0.1", port: 0, logger: Logger(label: "test"), onListening: onListening,
            responder: routes.respond)
    }

    /// Runs `body` with the port of a server that is stopped afterwards.
    static func withServer(
        _ server: (@escaping @Sendable (Int) async -> Void) -> StatusServer, _ body: (Int) async throws -> Void
    ) async throws {
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let running = server { continuation.yield($0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { continuation.finish() }
                try await running.run()
            }
            for await port in ports.prefix(1) { try await body(port) }
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}
