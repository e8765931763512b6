import ClusterRecords
import HighAvailability
import KubernetesModels
import PostgresClusterAPI

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
    /// Patroni's words: `primary` (`master` before 4.0), `replica`, …
    let role: String?
    let state: String?
    let timeline: Int64?
    /// `server_version_num` of the server that runs.
    let serverVersion: Int?
    let isRestartPending: Bool
    /// When its postmaster started; nil while it does not run or has not said so.
    let postmasterStartTime: String?
    /// What it answered to the restart it is asked for now.
    let restart: RestartAnswer?
    /// What only a person can mend, as the agent says it; nil when there is nothing.
    let problem: String?
    /// Its agent writes the EndpointSlice of the read-write Service while it leads; those of earlier images do not.
    let writesRoute: Bool
    let tags: InstanceTags

    /// nil when the Pod's name does not belong to the cluster's StatefulSet.
    init?(_ pod: Pod, names: Scope, overrides: [InstanceOverride]) {
        guard let name = pod.metadata.name, let ordinal = names.ordinal(ofPod: name) else { return nil }
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
                $0.name == OperatorNames.container && $0.state?.running != nil
            } == true
        let status = pod.metadata.annotations?[StoreKey.memberStatus].flatMap(Self.parse)
        role = status?["role"]?.stringValue.map { $0 == "master" ? "primary" : $0 }
        state = status?["state"]?.stringValue
        timeline = status?["timeline"]?.int64Value
        serverVersion = status?["server_version"]?.intValue
        isRestartPending = status?["pending_restart"]?.boolValue == true
        postmasterStartTime = status?["postmaster_start_time"]?.stringValue
        restart = RestartAnswer(status?["restart"])
        problem = status?["problem"]?.stringValue.flatMap {
            $0.isEmpty ? nil : bounded($0, to: MemberStatus.maximumProblemLength)
        }
        writesRoute = status?["route"]?.stringValue == StoreKey.routeBySlice
        tags = overrides.first { $0.name == name }?.tags ?? InstanceTags()
    }

    /// The annotation is the agent's; an unreadable one is a member that has said nothing.
    private static func parse(_ text: String) -> JSONValue? {
        do {
            return try JSONValue(parsing: text)
        } catch {
            return nil
        }
    }

    /// It runs as a primary: its server accepts writes as far as its agent knows.
    var isRunningPrimary: Bool { role == MemberRole.primary.rawValue && runs }
    /// Nothing of it runs: it can neither lead nor be asked.
    var isDown: Bool { !isContainerRunning && !isReady && !isDeleting }
    /// It leads a cluster that follows another one.
    var isRunningStandbyLeader: Bool { role == MemberRole.standbyLeader.rawValue && runs }
    private var runs: Bool { state == "running" && isContainerRunning && !isDeleting }

    var status: MemberStatus {
        MemberStatus(
            name: name, role: role, state: state, timeline: timeline, ready: isReady, node: node,
            pendingRestart: isRestartPending ? true : nil, problem: problem)
    }
}

/// A member's answer to a restart.
struct RestartAnswer: Sendable, Hashable {
    let id: String
    /// `succeeded`, `skipped` or `failed`.
    let outcome: String
    let reason: String

    init?(_ json: JSONValue?) {
        guard let id = json?["id"]?.stringValue, let outcome = json?["outcome"]?.stringValue else { return nil }
        self.id = id
        self.outcome = outcome
        reason = bounded(json?["reason"]?.stringValue ?? outcome, to: SwitchoverStatus.maximumMessageLength)
    }
}

/// `text` cut to what the schema admits: one sentence too long must not have the whole status refused.
func bounded(_ text: String, to scalars: Int) -> String {
    text.unicodeScalars.count > scalars ? String(text.unicodeScalars.prefix(scalars - 1)) + "…" : text
}
