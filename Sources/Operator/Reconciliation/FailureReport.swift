import KubernetesClient
import KubernetesModels
import OperatorPlan
import PostgresClusterAPI

/// What a cluster's status says when the API server refuses a change for good, such as an affinity it does not understand.
///
/// The plan computes the condition anew as soon as a reconcile gets through.
struct FailureReport: Sendable {
    static let event = EventReason.applyFailed
    private static let reason = ConditionReason.applyFailed.rawValue

    /// The sentence for the condition and the Event.
    let message: String
    /// The new status; nil when it says so already.
    let status: PostgresClusterStatus?

    /// - Returns: nil for failures that may pass by themselves; those are tried again and logged.
    init?(_ error: any Error, doing what: String, on cluster: PostgresCluster, now: Timestamp) {
        guard let error = error as? KubernetesError, Self.isFinal(error) else { return nil }
        message = "Cannot \(what): \(error.message)"
        var status = cluster.status ?? PostgresClusterStatus()
        let before = status.condition(.degraded)
        guard before?.status != .true || before?.reason != Self.reason || before?.message != message else {
            self.status = nil
            return
        }
        var conditions = (status.conditions ?? []).filter { $0.type != Condition.Kind.degraded.rawValue }
        conditions.append(
            Condition(
                type: .degraded, status: .true, reason: Self.reason, message: message,
                lastTransitionTime: before?.status == .true ? before?.lastTransitionTime ?? now : now,
                observedGeneration: cluster.metadata.generation))
        status.conditions = conditions
        self.status = status
    }

    private static func isFinal(_ error: KubernetesError) -> Bool {
        switch error.code {
        case .badRequest, .forbidden, .invalidObject: true
        case .invalidConfiguration, .credentialUnavailable, .invalidRequest, .unreachable, .timeout, .connectionLost,
            .invalidResponse, .cancelled, .unauthorized, .notFound, .alreadyExists, .conflict, .gone, .tooManyRequests,
            .serverError, .refused:
            false
        }
    }
}
