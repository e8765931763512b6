import ClusterRecords
import KubernetesModels
import Units

/// What keeps a member from coming up, in the words of the scheduler and the kubelet.
enum Obstacle {
    /// nil for a member that is ready, and for one of which nobody says anything but that it is on its way.
    ///
    /// - Parameters:
    ///   - claimPhase: of its volume claim, when that is not bound.
    ///   - now: the operator's.
    static func sentence(_ pod: Pod, claimPhase: String?, now: Timestamp) -> String? {
        let ready = pod.status?.conditions?.first { $0.type == "Ready" }
        guard ready?.status != "True" else { return nil }
        let claim = claimPhase.map { "its volume claim is \($0)" }
        if let scheduled = pod.status?.conditions?.first(where: { $0.type == "PodScheduled" }),
            scheduled.status == "False"
        {
            let words = scheduled.message ?? scheduled.reason ?? "the scheduler does not say why"
            return "cannot be scheduled: " + [words, claim].compactMap(\.self).joined(separator: "; ")
        }
        let container = pod.status?.containerStatuses?.first { $0.name == MemberPod.container }
        if let container, keepsEnding(container, unreadySince: ready?.lastTransitionTime, now: now) {
            let last = container.state?.terminated ?? container.lastState?.terminated
            return "its container keeps ending, the last time with \(last?.ending ?? "an unknown exit code")"
        }
        if let waiting = container?.state?.waiting, let reason = waiting.reason, !onTheWay.contains(reason) {
            return [reason, waiting.message].compactMap(\.self).joined(separator: ": ")
        }
        if pod.status?.phase == "Failed" { return Silence(pod: pod)?.cause }
        return claim
    }

    /// What the kubelet does before it starts a container.
    private static let onTheWay: Set<String> = ["ContainerCreating", "PodInitializing"]

    /// After how long a run an end counts as the first one again; a run that goes on for longer has not ended soon.
    ///
    /// Source: the kubelet forgives a container its ends after twice its longest back-off of 300 s.
    private static let forgiven = Duration.seconds(600)

    /// It has ended more than once since it was ready, each time soon. Also while it runs between two ends, until it has run for
    /// long: only that is measured with two clocks, whose difference is small beside it.
    private static func keepsEnding(_ container: ContainerStatus, unreadySince: Timestamp?, now: Timestamp) -> Bool {
        guard container.restartCount ?? 0 >= 1 else { return false }
        if let start = container.state?.running?.startedAt, now - start > forgiven { return false }
        if container.state?.waiting?.reason == "CrashLoopBackOff" { return true }
        guard container.restartCount ?? 0 >= 2,
            let last = container.state?.terminated ?? container.lastState?.terminated,
            let start = last.startedAt, let end = last.finishedAt, end - start < forgiven
        else { return false }
        // Unready because of an end, it became so a moment after that.
        return unreadySince.map { end + .seconds(10) >= $0 } ?? true
    }
}
