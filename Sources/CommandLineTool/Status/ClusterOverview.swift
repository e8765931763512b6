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
    /// There may be a resource, which whoever asks may not read.
    var isResourceForbidden: Bool
    /// Of the resource: how often its spec was changed.
    var generation: Int64?
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
        isResourceForbidden = records.isResourceForbidden
        generation = records.generation
        lockTaken = records.leader[StoreKey.acquireTime]
        lockRenewed = records.leader[StoreKey.renewTime]
        synchronous = SynchronousState(version: "", annotations: records.synchronization)
        policy = records.settings.synchronous
    }

    var leader: MemberListing? { listing.members.first { $0.role.leads } }

    /// Conditions that are not as a healthy cluster has them, in the order of the resource.
    var findings: [Condition] { (status?.conditions ?? []).filter { !$0.isGood } }

    /// Requests that are under way or wait for their time, by what was asked for.
    var requests: [(what: String, status: any RequestStatus)] {
        let all: [(String, (any RequestStatus)?)] = [
            ("switchover", status?.switchover), ("handover", status?.handover), ("restart", status?.restart),
            ("reinitialize", status?.reinitialize),
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
        guard policy.mode != .off else {
            // Until the record says so too, the server may have commits wait.
            return synchronous.isActive
                ? "being turned off: commits may still wait for \(synchronousMembers ?? "a replica")"
                : "off: no commit waits for a replica"
        }
        let strict = policy.isStrict ? ", strict" : ""
        let asked = "\(policy.mode.rawValue)\(strict), \(policy.standbys) wanted"
        guard synchronous.isActive else { return "\(asked): not in force yet" }
        if let synchronousMembers { return "\(asked): \(synchronousMembers)" }
        return policy.isStrict
            ? "\(asked): NO STANDBY, every commit waits until there is one"
            : "\(asked): no standby, commits wait for nobody now"
    }

    private var synchronousMembers: String? {
        synchronous.members.isEmpty ? nil : synchronous.members.sorted().joined(separator: ", ")
    }

    /// What is amiss as this command sees it, whatever the operator said last: it may be away.
    var sightings: [Sighting] {
        var sightings: [Sighting] = []
        let holder = listing.lock.leader
        if let leader {
            if leader.lockUnrenewedSince != nil {
                sightings.append(Sighting(kind: .noLeader, what: "\(leader.name) does not renew the lock"))
            } else if leader.state == Silence.state {
                sightings.append(Sighting(kind: .noLeader, what: "\(leader.name), which leads, does not answer"))
            }
        } else if let holder, !holder.isEmpty {
            sightings.append(Sighting(kind: .noLeader, what: "\(holder) holds the lock and has no Pod"))
        } else {
            sightings.append(Sighting(kind: .noLeader, what: "nobody leads"))
        }
        sightings += listing.members.filter { !$0.role.leads && $0.state == Silence.state }.map {
            Sighting(kind: .silent($0.name), what: "\($0.name) does not answer")
        }
        if let generation, let observed = status?.observedGeneration, observed < generation {
            sightings.append(
                Sighting(kind: .unseenChange, what: "the operator has not seen the last change of the spec"))
        }
        return sightings
    }
}

extension Condition {
    /// Whether there is nothing to say about it. A condition of another version that nobody here knows is told.
    var isGood: Bool {
        switch Kind(rawValue: type) {
        case .ready, .primaryAvailable, .configurationValid, .synchronousReplication, .switchoverCompleted,
            .restartCompleted, .reinitializeCompleted:
            status == .true
        case .progressing, .degraded, .paused, .dataLossPossible, .majorVersionChange: status == .false
        // Unknown is a standby cluster's, or for a moment.
        case .rolesReady: status != .false
        case nil: false
        }
    }
}
