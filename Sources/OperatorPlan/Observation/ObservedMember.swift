import ClusterRecords
import HighAvailability
import KubernetesModels
import PostgresClusterAPI
import Units

/// One Pod of the cluster, as the kubelet and its own agent describe it.
struct ObservedMember: Sendable, Hashable {
    let name: String
    let ordinal: Int
    let uid: String?
    let node: String?
    let revision: String?
    let isReady: Bool
    /// Since when, to the second; nil when it is not, or the kubelet does not say.
    let readySince: Timestamp?
    let isDeleting: Bool
    let isContainerRunning: Bool
    /// nil while something is heard of it.
    var silence: Silence?
    /// What keeps it from coming up, in the words of scheduler and kubelet; nil when nobody says anything.
    let obstacle: String?
    /// What its agent said of it last.
    let record: MemberRecord
    /// As the spec has them.
    let tags: MemberTags

    /// nil for a Pod that is no member, whatever its labels say.
    ///
    /// - Parameters:
    ///   - unboundClaims: phases of the volume claims that are not bound, by name.
    ///   - now: the operator's.
    init?(
        _ pod: Pod, scope: Scope, overrides: [InstanceOverride], unboundClaims: [String: String], now: Timestamp
    ) {
        guard scope.isMember(pod.metadata), let name = pod.metadata.name, let ordinal = scope.ordinal(ofPod: name)
        else { return nil }
        self.name = name
        self.ordinal = ordinal
        uid = pod.metadata.uid
        node = pod.spec?.nodeName
        revision = pod.metadata.labels?[Labels.revision]
        isDeleting = pod.metadata.deletionTimestamp != nil
        let ready = pod.status?.conditions?.first { $0.type == "Ready" && $0.status == "True" }
        isReady = !isDeleting && ready != nil
        readySince = isDeleting ? nil : ready?.lastTransitionTime
        isContainerRunning =
            pod.status?.containerStatuses?.contains {
                $0.name == MemberPod.container && $0.state?.running != nil
            } == true
        silence = Silence(pod: pod)
        obstacle = Obstacle.sentence(pod, claimPhase: unboundClaims[scope.volumeClaim(ordinal)], now: now)
        record = MemberRecord(pod: pod) ?? MemberRecord()
        tags = overrides.first { $0.name == name }?.tags.ofMember ?? MemberTags()
    }

    /// Patroni's words: `primary`, `replica`, …; nil also for one nothing is heard of.
    var role: String? { silence == nil ? record.roleName : nil }
    /// Patroni's words; `unknown` for one that has said something and is not heard of any more.
    var state: String? { silence == nil ? record.stateName : record.stateName.map { _ in Silence.state } }
    var timeline: Int64? { record.timeline.map { Int64($0.rawValue) } }
    /// What only a person can mend, or has to know, as the agent says it; nil when there is nothing.
    var problem: String? { record.problem.map { bounded($0, to: MemberStatus.maximumProblemLength) } }

    /// It runs as a primary: its server accepts writes as far as its agent knows.
    var isRunningPrimary: Bool { record.role == .primary && runs }
    /// Nothing of it runs: it can neither lead nor be asked.
    var isDown: Bool { !isContainerRunning && !isReady && !isDeleting }
    /// It is asked for a copy that gets nowhere: nothing of it runs, or it says what is wrong and not how much has come.
    var failsToCopy: Bool { isDown || (record.problem != nil && record.reinitialize?.percent == nil) }
    /// It leads a cluster that follows another one.
    var isRunningStandbyLeader: Bool { record.role == .standbyLeader && runs }
    /// It is heard of, and its volume is empty. One with data that cannot be used, or are incomplete, says so as a problem.
    var hasNoData: Bool {
        record.role == .uninitialized && record.state == .stopped && silence == nil && isContainerRunning
            && !isDeleting && record.problem == nil
    }
    /// It can be promoted, or confirm commits, as far as its agent and the kubelet know.
    var isRunningReplica: Bool { record.role == .replica && runs && silence == nil }
    private var runs: Bool { record.state == .running && isContainerRunning && !isDeleting }

    var status: MemberStatus {
        MemberStatus(
            name: name, role: role, state: state, timeline: timeline, ready: isReady, node: node,
            pendingRestart: record.isRestartPending ? true : nil, problem: problem)
    }
}
