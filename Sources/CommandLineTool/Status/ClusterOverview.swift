import ClusterRecords
import HighAvailability
import KubernetesModels
import PostgresClusterAPI
import Units

/// One cluster on one screen: what it is, what is not as it should be, and what is to be done about it.
struct ClusterOverview {
    var listing: ClusterListing
    var history: ClusterHistory
    var status: PostgresClusterStatus?
    var spec: PostgresClusterSpec?
    var hasResource: Bool
    /// When the holder took the lock and last renewed it, by its own clock.
    var lockTaken: String?
    var lockRenewed: String?
    var synchronous: SynchronousState
    var policy: SynchronousPolicy

    init(_ records: StoreRecords, namespace: String, name: String) {
        listing = ClusterListing(namespace: namespace, name: name, records: records)
        history = ClusterHistory(records)
        status = records.status
        spec = records.spec
        hasResource = records.hasResource
        lockTaken = records.leader[StoreKey.acquireTime]
        lockRenewed = records.leader[StoreKey.renewTime]
        synchronous = SynchronousState(version: "", annotations: records.synchronization)
        // What cannot be read of the settings counts as their default.
        policy =
            DynamicConfiguration.reading(
                annotation: records.configuration[StoreKey.configuration], former: DynamicConfiguration()
            ).0.synchronous
    }

    var leader: MemberListing? { listing.members.first { $0.role.leads } }

    /// Conditions that are not as a healthy cluster has them, in the order of the resource.
    var findings: [Condition] { (status?.conditions ?? []).filter { !$0.isGood } }

    /// Requests that are under way or wait for their time, by what was asked for.
    var requests: [(what: String, status: any RequestStatus)] {
        let all: [(String, (any RequestStatus)?)] = [
            ("switchover", status?.switchover), ("handover", status?.handover), ("restart", status?.restart),
        ]
        return all.compactMap { what, status in
            guard let status, !status.phase.isFinal else { return nil }
            return (what, status)
        }
    }

    /// Members that are wanted and not ready, and those only a person can help, each with what keeps it.
    var troubles: [(member: String, what: String)] {
        let unready = (status?.unready ?? []).map {
            (member: $0.name, what: "not ready since \($0.since): \($0.message)")
        }
        let problems = (status?.members ?? []).compactMap { member in
            member.problem.map { (member: member.name, what: $0) }
        }
        return unready + problems
    }

    /// How commits wait, in one sentence.
    var synchronousState: String {
        guard policy.mode != .off else { return "off: no commit waits for a replica" }
        let strict = policy.isStrict ? ", strict" : ""
        let asked = "\(policy.mode.rawValue)\(strict), \(policy.standbys) wanted"
        guard synchronous.isActive, !synchronous.members.isEmpty else { return "\(asked): commits wait for nobody now" }
        return "\(asked): \(synchronous.members.sorted().joined(separator: ", "))"
    }
}

extension Condition {
    /// Whether there is nothing to say about it. A condition of another version that nobody here knows is told.
    var isGood: Bool {
        switch Kind(rawValue: type) {
        case .ready, .primaryAvailable, .configurationValid, .synchronousReplication, .switchoverCompleted,
            .restartCompleted:
            status == .true
        case .progressing, .degraded, .paused, .dataLossPossible, .majorVersionChange: status == .false
        case nil: false
        }
    }
}
