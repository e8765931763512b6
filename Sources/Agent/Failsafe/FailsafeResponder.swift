import AgentAPI
import ClusterRecords
import ClusterStore
import HighAvailability
import KubernetesModels
import Logging
import Units

/// Answers `POST /failsafe`, from memory.
struct FailsafeResponder: Sendable {
    let scope: Scope
    let identity: HolderIdentity
    let watch: ClusterWatch
    let state: AgentState
    let logger: Logger

    func respond(to body: String) -> StatusResponse {
        guard let json = try? JSONValue(parsing: body), let message = FailsafeMessage(json: json),
            message.scope == nil || message.scope == scope
        else {
            // Neither Patroni's request nor ours.
            return .text("no failsafe request\n", status: 400)
        }
        let reply = reply(to: message.request)
        return StatusResponse(
            status: reply.status, contentType: reply.body.isEmpty ? nil : "text/plain", body: reply.body,
            headers: reply.headers)
    }

    private func reply(to request: FailsafeRequest) -> FailsafeReply {
        let view = watch.view()
        // A member that has not read the store yet cannot know the mode. A promise binds only itself.
        guard view?.configuration.usesFailsafe ?? (request.claim != nil) else {
            return FailsafeReply(.off, reign: watch.reign)
        }
        let now = state.read()
        switch watch.answer(request, isPrimary: now.isPrimary, ttl: now.timings.ttl) {
        case .accepted:
            return FailsafeReply(
                .accepted(
                    member: identity.member, podUID: identity.podUID,
                    position: now.snapshot?.received ?? now.snapshot?.replayed))
        case .runningAsLeader:
            return FailsafeReply(.runningAsLeader, reign: watch.reign)
        case .refused(let reason):
            logger.warning(
                "refused a failsafe request",
                metadata: ["leader": "\(bounded(request.leader, to: 253))", "reason": "\(bounded(reason, to: 512))"])
            return FailsafeReply(.refused(reason), reign: watch.reign)
        }
    }
}
