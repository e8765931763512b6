import Fence
import Glibc
import KubernetesModels
import PostgresClient
import PostgresConfiguration
public import TestSupport
import Units

/// Members in sandboxes of this machine (``MemberSandbox``) against a real API server: no Kubernetes is needed, root is.
public final class LocalCluster: Sendable {
    public let members: MemberCluster
    public let profile: LocalProfile
    public let progress: Progress
    let kubelet: MemberKubelet
    let hasOwnClocks: Bool
    private let password: PasswordFile
    private static let application = "app"

    /// Starts the members and waits until all are well.
    ///
    /// - Parameters:
    ///   - api: HTTP where single requests are to be refused, opaque otherwise.
    ///   - clocks: of their own where they are to be moved.
    /// - Throws: ``LabError`` without root; whatever a member said when it does not come up.
    public init(
        _ count: Int = 3, on controlPlane: ControlPlane, profile: LocalProfile, api: LinkProxy.Content = .opaque,
        clocks: MemberCluster.Clocks = .machine,
        backOff: [Duration] = [.zero, .seconds(2), .seconds(4), .seconds(8)], progress: Progress
    ) async throws {
        guard geteuid() == 0 else {
            throw LabError("namespaces, control groups and volumes for the members need root; run this as root")
        }
        self.profile = profile
        self.progress = progress
        hasOwnClocks = clocks != .machine
        password = try PasswordFile(user: Self.application, password: Self.application)
        members = try await MemberCluster(
            count, on: controlPlane, configuration: profile.configuration,
            isolation: .sandboxes(api: api, clocks: clocks))
        kubelet = MemberKubelet(for: members, backOff: backOff)
        await kubelet.start()
        do {
            let leadership = try await healthy(within: .seconds(90))
            // An ordinary account: a superuser may do what applications may not, such as write while they are held out.
            try await leadership.leader.query(
                """
                DO $$ BEGIN
                    CREATE ROLE \(Self.application) LOGIN PASSWORD '\(Self.application)';
                    GRANT pg_checkpoint, pg_monitor TO \(Self.application);
                    GRANT CREATE ON SCHEMA public TO \(Self.application);
                END $$
                """)
            try await Writer.prepareTable(at: target(leadership.leader))
        } catch {
            let logs = members.logs
            try await stop()
            throw LabError("the members did not come up: \(error)\n\(logs)")
        }
    }

    /// Ends everything of the members and removes their files.
    public func stop() async throws {
        await kubelet.stop()
        try await members.destroy()
    }

    public func target(_ member: MemberProcess) -> WriteTarget {
        WriteTarget(
            host: member.address, port: Int(member.port), user: Self.application, password: password)
    }

    public var targets: [WriteTarget] { members.members.map(target) }

    func member(_ name: String) throws(LabError) -> MemberProcess {
        guard let member = members.member(name) else { throw LabError("there is no member \(name)") }
        return member
    }

    /// The leader, once it and every other member are as they should be.
    @discardableResult
    public func healthy(within limit: Duration = .seconds(60)) async throws -> Leadership {
        try await members.healthy(within: limit)
    }

    /// Makes everything whole again that a fault may have left.
    public func mend() async throws {
        members.controlPlane.resumeAPIServer()
        if !members.controlPlane.hasAPIServer { try await members.controlPlane.startAPIServer() }
        members.removeCallbacks()
        for link in members.apiLinks { link.conditions = LinkConditions() }
        for member in members.members {
            try member.sandbox?.thaw()
            try member.sandbox?.feed()
            if hasOwnClocks { try member.sandbox?.moveWallClock(by: .zero) }
            try await member.sandbox?.mend()
            member.sandbox?.emptyVolume()
            for process in [member.agentProcess, member.initProcess].compactMap({ $0 }) + member.postgresProcesses {
                kill(process, SIGCONT)
            }
        }
    }

    /// Every member's way here.
    func timelinePaths() async throws -> [TimelinePath] {
        var paths: [TimelinePath] = []
        for member in members.members {
            let answer = try await member.query(
                """
                WITH here AS (
                    SELECT CASE WHEN pg_is_in_recovery() THEN (SELECT received_tli FROM pg_stat_wal_receiver)
                        ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int END AS timeline)
                SELECT timeline,
                    pg_read_file('pg_wal/' || lpad(upper(to_hex(timeline)), 8, '0') || '.history', 0, 1048576, true) AS history
                FROM here
                """)
            guard let timeline = answer.value("timeline").flatMap({ UInt32($0) }) else {
                throw LabError("\(member.name) does not tell its timeline")
            }
            paths.append(
                TimelinePath(
                    member: member.name, timeline: Timeline(rawValue: timeline),
                    history: TimelineHistory(parsing: answer.value("history") ?? "")))
        }
        return paths
    }
}
