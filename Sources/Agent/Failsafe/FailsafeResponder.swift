import AgentAPI
import ClusterStore
import HighAvailability
import KubernetesModels
import Logging
import Units

/// Answers `POST /failsafe`, from memory.
struct FailsafeResponder: Sendable {
    /// Of an acceptance: which Pod promised, `<name>/<UID>`.
    static let memberHeader = "matriarch-member"
    /// Of a refusal: what this member has seen in the lock, as ``Reign`` describes itself.
    static let reignHeader = "matriarch-reign"

    let cluster: String
    let namespace: String
    let identity: HolderIdentity
    let watch: ClusterWatch
    let state: AgentState
    let logger: Logger

    func respond(to body: String) -> StatusResponse {
        guard let json = try? JSONValue(parsing: body), let request = request(json) else {
            // Neither Patroni's request nor ours.
            return .text("no failsafe request\n", status: 400)
        }
        let view = watch.view()
        // A member that has not read the store yet cannot know the mode. A promise binds only itself.
        guard view?.configuration.usesFailsafe ?? (request.claim != nil) else { return refusal(502) }
        let now = state.read()
        switch watch.answer(request, isPrimary: now.isPrimary, ttl: now.timings.ttl) {
        case .accepted:
            var headers = [Self.memberHeader: "\(identity.member)/\(identity.podUID)"]
            if let position = now.snapshot?.received ?? now.snapshot?.replayed {
                headers["lsn"] = "\(position.rawValue)"
            }
            return StatusResponse(status: 200, contentType: "text/plain", body: "Accepted", headers: headers)
        case .runningAsLeader:
            return refusal(500, "Running as a leader")
        case .refused(let reason):
            logger.warning(
                "refused a failsafe request", metadata: ["leader": "\(request.leader)", "reason": "\(reason)"])
            return refusal(409, reason + "\n")
        }
    }

    private func refusal(_ status: Int, _ reason: String = "") -> StatusResponse {
        StatusResponse(
            status: status, contentType: reason.isEmpty ? nil : "text/plain", body: reason,
            headers: watch.reign.map { [Self.reignHeader: $0.description] } ?? [:])
    }

    /// nil for what is no such request, or one of another cluster.
    private func request(_ json: JSONValue) -> FailsafeRequest? {
        guard let name = json["name"]?.stringValue, !name.isEmpty else { return nil }
        guard let own = json["matriarch"] else { return FailsafeRequest(leader: name) }
        guard own["cluster"]?.stringValue == cluster, own["namespace"]?.stringValue == namespace,
            let uid = own["uid"]?.stringValue, let nonce = own["nonce"]?.stringValue,
            let epoch = own["epoch"]?.int64Value, LockRecord.epochs.contains(epoch),
            let ttl = own["ttl_ms"]?.int64Value,
            let member = own["member"]?.stringValue, let memberUID = own["member_uid"]?.stringValue
        else { return nil }
        return FailsafeRequest(
            leader: name,
            claim: FailsafeRequest.Claim(
                identity: HolderIdentity(member: name, podUID: uid, nonce: nonce), epoch: epoch,
                ttl: .milliseconds(ttl), member: member, podUID: memberUID))
    }
}
