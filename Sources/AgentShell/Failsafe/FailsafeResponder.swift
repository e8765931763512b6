package import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import Units

/// Answers `POST /failsafe`, from memory.
package struct FailsafeResponder: Sendable {
    let scope: Scope
    let identity: HolderIdentity
    let watch: ClusterWatch
    let state: AgentState
    let logger: Logger

    /// - Returns: nil for what is neither Patroni's request nor ours.
    package func reply(to message: FailsafeMessage) -> FailsafeReply? {
        guard message.scope == nil || message.scope == scope else { return nil }
        return reply(to: message.request)
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
