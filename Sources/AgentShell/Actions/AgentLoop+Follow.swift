import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    /// Points the server at its source and starts it if it does not run.
    func follow(_ leader: String, from wanted: String?) async throws {
        try Task.checkCancellation()
        try await requireNoSeal(against: leader)
        let source = await sourceThatAnswers(wanted, leader: leader)
        guard let view = watch.view(), let member = view.members[source ?? leader], let host = member.host else {
            return
        }
        let role = ServerRole.standby(upstream: try source.map { try upstream($0) })
        try await bringUpStandby(role)
        life.follow(
            FollowedLeader(
                name: leader, epoch: view.lock?.epoch ?? 0, object: view.lock?.objectUID, source: source, host: host,
                port: member.port))
    }

    /// Whom to stream from in the end: the source that was decided, or the leader when that one does not answer.
    ///
    /// A source of a cascade is asked first, and this member's slot made there: what streams now goes on until then, and a
    /// member that changes its source need not wait for the other to have seen it.
    func sourceThatAnswers(_ wanted: String?, leader: String) async -> String? {
        guard let wanted else { return nil }
        guard wanted != leader || tags.replicatesFrom != nil else { return leader }
        do {
            try await instance.prepareToStream(from: try upstream(wanted))
            return wanted
        } catch {
            if wanted != leader {
                avoid(wanted, because: "\(error)")
            } else {
                logger.info("no slot was made at the leader", metadata: ["leader": "\(leader)", "error": "\(error)"])
            }
            return leader
        }
    }

    /// Leaves a standby alone for a while.
    func avoid(_ source: String, because reason: String) {
        logger.notice("cannot use \(source) as a source for now", metadata: ["reason": "\(reason)"])
        standingBack.avoid(source, at: clock.now)
    }

    func upstream(_ source: String, withSlot: Bool = true) throws -> Upstream {
        guard let member = watch.view()?.members[source], let host = member.host else {
            throw AgentError(.actionFailed, "\(source) has no address")
        }
        return Upstream(
            member: source, host: host, port: member.port,
            slot: withSlot && watch.view()?.configuration.usesSlots ?? true ? SlotName(member: me) : nil)
    }
}
