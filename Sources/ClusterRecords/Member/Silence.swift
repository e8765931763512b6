public import KubernetesModels

/// A member nothing is heard of: what its agent said last says nothing of now.
///
/// An agent writes when what it has to say changes, so an old word alone is no silence. The kubelet knows whether the container
/// runs, and the controller of nodes whether the kubelet is heard of.
public struct Silence: Hashable, Sendable {
    /// What stands in the place of the state such a member had.
    public static let state = "unknown"

    /// As the kubelet or the controller of nodes tells it, for people; nil when neither does.
    public let since: Timestamp?
    /// What is known instead, in a few words.
    public let cause: String

    public init(since: Timestamp?, cause: String) {
        self.since = since
        self.cause = cause
    }

    /// nil while the kubelet says that the member's container runs, and for a Pod that says nothing of its container.
    public init?(pod: Pod) {
        let status = pod.status
        if let phase = status?.phase, ["Failed", "Succeeded", "Unknown"].contains(phase) {
            let words = [status?.reason, status?.message].compactMap(\.self).joined(separator: ": ")
            self.init(since: nil, cause: "its Pod is \(phase)" + (words.isEmpty ? "" : " (\(words))"))
        } else if let since = Self.lostNode(status) {
            self.init(since: since, cause: "its node is not heard of")
        } else if let container = status?.containerStatuses?.first(where: { $0.name == MemberPod.container }),
            container.state?.running == nil
        {
            let last = container.state?.terminated ?? container.lastState?.terminated
            let waiting = container.state?.waiting?.reason.map { " (\($0))" } ?? ""
            self.init(
                since: last?.finishedAt,
                cause: last.map { "its container has ended with \($0.ending)" }
                    ?? "its container has not started\(waiting)")
        } else {
            return nil
        }
    }

    /// The kubelet writes both conditions together, so only the controller of nodes leaves a Pod unready whose containers are
    /// ready. A gate of somebody else does too, and the kubelet names it then.
    private static func lostNode(_ status: PodStatus?) -> Timestamp?? {
        func condition(_ type: String) -> PodCondition? { status?.conditions?.first { $0.type == type } }
        guard let ready = condition("Ready"), ready.status != "True", condition("ContainersReady")?.status == "True",
            ready.reason != "ReadinessGatesNotReady"
        else { return nil }
        return .some(ready.lastTransitionTime)
    }

    /// `not heard of since 2026-01-02T03:04:05Z: its node is not heard of`.
    public var sentence: String { "not heard of\(since.map { " since \($0)" } ?? ""): \(cause)" }
}

extension ContainerStateTerminated {
    /// `exit code 137 (OOMKilled)`. Not the termination message: there an instance of the container leaves its name.
    public var ending: String {
        let code = exitCode.map { "exit code \($0)" } ?? signal.map { "signal \($0)" } ?? "an unknown exit code"
        guard let reason, !["Error", "Completed"].contains(reason) else { return code }
        return "\(code) (\(reason))"
    }
}
