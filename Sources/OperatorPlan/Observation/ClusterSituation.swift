import ClusterRecords
import KubernetesModels
import PostgresClusterAPI

/// What the observation says about the cluster as a whole.
struct ClusterSituation: Sendable, Hashable {
    /// By ordinal.
    let members: [ObservedMember]
    /// Name in the lock; nil when nobody holds it.
    let leader: String?
    /// Identifier of the data; nil until the first member has made it.
    let systemIdentifier: String?
    /// What the last hand-over came to, as its agent reported it.
    let result: SwitchoverResult?
    /// Identifier of the request that lies in the store now.
    let pendingRequest: String?
    /// Whom that request names; nil also when it leaves the choice to the leader.
    let pendingCandidate: String?
    /// Whether the store holds any request, also one from elsewhere.
    let hasPendingRequest: Bool
    /// Whom commits wait for, as the primary's agent recorded it; nil when nobody has recorded anything.
    let synchronous: SynchronousRecord?
    /// What the last promotion may have cost, as its agent reported it.
    let loss: LossReport?
    /// By member: the WAL it last left behind.
    let abandoned: [String: AbandonedReport]

    init(names: Scope, observed: Observed, overrides: [InstanceOverride]) {
        members = observed.pods.compactMap { ObservedMember($0, names: names, overrides: overrides) }
            .sorted { $0.ordinal < $1.ordinal }
        let lock = observed.store.leader?.annotations[StoreKey.leader]
        leader = lock.flatMap { $0.isEmpty ? nil : $0 }
        let identifier = observed.store.configuration?.annotations[StoreKey.initialization]
        systemIdentifier = identifier.flatMap { $0.isEmpty || Int64($0) == nil && UInt64($0) == nil ? nil : $0 }
        result = observed.store.configuration?.annotations[StoreKey.switchoverResult].flatMap(SwitchoverResult.init)
        let failover = observed.store.failover?.annotations ?? [:]
        pendingRequest = failover[StoreKey.requestID]
        pendingCandidate = failover[StoreKey.member].flatMap { $0.isEmpty ? nil : $0 }
        hasPendingRequest =
            failover[StoreKey.leader]?.isEmpty == false
            || failover[StoreKey.member]?.isEmpty == false
        synchronous = observed.store.synchronization.flatMap { SynchronousRecord($0.annotations) }
        let reports = observed.store.configuration?.annotations ?? [:]
        loss = reports[StoreKey.loss].flatMap(LossReport.init)
        abandoned = Dictionary(
            reports.compactMap { key, value in
                guard key.hasPrefix(StoreKey.abandonedPrefix), let report = AbandonedReport(value) else {
                    return nil
                }
                return (String(key.dropFirst(StoreKey.abandonedPrefix.count)), report)
            }, uniquingKeysWith: { first, _ in first })
    }

    /// The Pod of the lock's holder.
    var leadingMember: ObservedMember? { members.first { $0.name == leader } }

    /// The holder, when it is up and promoted; in a standby cluster, when it is up.
    var primary: ObservedMember? {
        leadingMember.flatMap { $0.isRunningPrimary || $0.isRunningStandbyLeader ? $0 : nil }
    }

    /// The holder, when it is up and follows another cluster.
    var standbyLeader: ObservedMember? { primary.flatMap { $0.isRunningStandbyLeader ? $0 : nil } }

    /// What only a person can mend: each distinct sentence behind the names of the members that say it.
    var attention: [(sentence: String, note: String)] {
        var sentences: [String] = []
        for case let problem? in members.map(\.problem) where !sentences.contains(problem) { sentences.append(problem) }
        return sentences.map { sentence in
            let names = members.filter { $0.problem == sentence }.map(\.name).joined(separator: ", ")
            return (sentence, "\(names): \(sentence)")
        }
    }

    func member(_ name: String) -> ObservedMember? { members.first { $0.name == name } }

    /// The best member to hand over to among those `isAllowed` admits; nil when none could take over now.
    ///
    /// Positions change by the millisecond and are the agents' business: they refuse a candidate that lags too far.
    func bestSuccessor(where isAllowed: (ObservedMember) -> Bool) -> ObservedMember? {
        guard let primary else { return nil }
        return members.filter { member in
            member.name != primary.name && member.isReady && member.role == "replica" && member.state == "running"
                && (member.timeline == nil || member.timeline == primary.timeline) && member.tags.mayLead
                && isAllowed(member)
        }.max { left, right in
            (left.tags.failoverPriority ?? 1, -left.ordinal) < (right.tags.failoverPriority ?? 1, -right.ordinal)
        }
    }
}

/// The annotation `matriarch.dev/switchover-result`, written by the agent that led.
struct SwitchoverResult: Sendable, Hashable {
    let id: String
    let isSuccess: Bool
    let from: String?
    let to: String?
    let reason: String?
    let outageMillis: Int64?
    /// What a forced failover cost, in one sentence; nil when nothing is known to be lost.
    let loss: String?

    init?(_ annotation: String) {
        let json: JSONValue
        do {
            json = try JSONValue(parsing: annotation)
        } catch {
            return nil
        }
        guard let id = json["id"]?.stringValue, let outcome = json["outcome"]?.stringValue else { return nil }
        self.id = id
        isSuccess = outcome == "succeeded"
        from = json["from"]?.stringValue
        to = json["to"]?.stringValue
        reason = json["reason"]?.stringValue
        outageMillis = json["outageMillis"]?.int64Value
        loss = json["loss"]?.stringValue
    }
}
