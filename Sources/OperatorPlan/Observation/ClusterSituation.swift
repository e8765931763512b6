import ClusterRecords
import HighAvailability
import KubernetesModels
import PostgresClusterAPI

/// What the observation says about the cluster as a whole.
struct ClusterSituation: Sendable, Hashable {
    /// By ordinal.
    let members: [ObservedMember]
    /// nil when there is none.
    let lock: LockRecord?
    /// The holder has not renewed the lock for longer than it is good; when this operator last saw it change. nil otherwise.
    let lockUnrenewedSince: Timestamp?
    /// Identifier of the data; nil until the first member has made it.
    let systemIdentifier: String?
    /// What the last hand-over came to, as its agent reported it.
    let result: SwitchoverResult?
    /// The request that lies in the store now, also one from elsewhere.
    let request: FailoverRequest?
    /// Whom commits wait for, as the primary's agent recorded it; nil when nobody has recorded anything.
    let synchronous: SynchronousState?
    /// What the last promotion may have cost, as its agent reported it.
    let loss: FailoverLoss?
    /// By member: the WAL it last left behind.
    let abandoned: [String: AbandonedReport]

    init(scope: Scope, observed: Observed, overrides: [InstanceOverride], now: Timestamp) {
        let annotations = observed.store.configuration?.annotations ?? [:]
        let lock = observed.store.lock
        let age = observed.lockAge
        let isUnrenewed = age.map { lock?.isOverdue(unchangedFor: $0.unchanged) ?? false } ?? false
        self.lock = lock
        lockUnrenewedSince = isUnrenewed ? age?.lastChange : nil
        members = observed.pods.compactMap {
            ObservedMember(
                $0, scope: scope, overrides: overrides, unboundClaims: observed.unboundClaims, now: now)
        }.map { member in
            // Whoever renews is heard, wherever its kubelet is.
            guard member.name == lock?.leader, lock?.ttl != nil, age != nil, !isUnrenewed, member.isContainerRunning
            else {
                return member
            }
            var heard = member
            heard.silence = nil
            return heard
        }.sorted { $0.ordinal < $1.ordinal }
        // The status takes numbers only.
        if case .done(let identifier) = Initialization(annotations: annotations),
            Int64(identifier) != nil || UInt64(identifier) != nil
        {
            systemIdentifier = identifier
        } else {
            systemIdentifier = nil
        }
        result = annotations[StoreKey.switchoverResult].flatMap { SwitchoverResult(annotation: $0) }
        request = observed.store.failover.flatMap { FailoverRequest(annotations: $0.annotations) }
        synchronous = observed.store.synchronization.flatMap { object in
            let state = SynchronousState(version: object.resourceVersion ?? "", annotations: object.annotations)
            return state.isActive ? state : nil
        }
        loss = annotations[StoreKey.loss].flatMap { FailoverLoss(annotation: $0) }
        abandoned = AbandonedReport.all(in: annotations)
    }

    /// Name in the lock; nil when nobody holds it.
    var leader: String? { lock?.leader }

    /// The Pod of the lock's holder.
    var leadingMember: ObservedMember? { members.first { $0.name == leader } }

    /// The holder, when it is up and promoted; in a standby cluster, when it is up.
    var primary: ObservedMember? {
        leadingMember.flatMap { $0.isRunningPrimary || $0.isRunningStandbyLeader ? $0 : nil }
    }

    /// The holder, when it is up and follows another cluster.
    var standbyLeader: ObservedMember? { primary.flatMap { $0.isRunningStandbyLeader ? $0 : nil } }

    /// What only a person can mend, or has to know: each distinct sentence behind the names of the members that say it.
    var attention: [(sentence: String, note: String)] {
        var sentences: [String] = []
        for case let problem? in members.map(\.problem) where !sentences.contains(problem) { sentences.append(problem) }
        return sentences.map { sentence in
            let names = members.filter { $0.problem == sentence }.map(\.name).joined(separator: ", ")
            return (sentence, "\(names): \(sentence)")
        }
    }

    /// What members found in what somebody wrote and do not use: each distinct problem behind the names of those that say it.
    var refused: [String] {
        var problems: [Problem] = []
        for problem in members.flatMap(\.record.problems) where !problems.contains(problem) { problems.append(problem) }
        return problems.map { problem in
            let names = members.filter { $0.record.problems.contains(problem) }.map(\.name).joined(separator: ", ")
            return "\(names): \(problem) (refused by \(problem.refuser.name))"
        }
    }

    func member(_ name: String) -> ObservedMember? { members.first { $0.name == name } }

    /// The best member to hand over to among those `isAllowed` admits; nil when none could take over now.
    ///
    /// Positions change by the millisecond and are the agents' business: they refuse a candidate that lags too far.
    func bestSuccessor(where isAllowed: (ObservedMember) -> Bool) -> ObservedMember? {
        guard let primary else { return nil }
        return members.filter { member in
            member.name != primary.name && member.isReady && member.record.role == .replica
                && member.record.state == .running
                && (member.timeline == nil || member.timeline == primary.timeline) && member.tags.mayLead
                && isAllowed(member)
        }.max { left, right in
            (left.tags.failoverPriority, -left.ordinal) < (right.tags.failoverPriority, -right.ordinal)
        }
    }
}
