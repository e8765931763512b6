import ClusterRecords
import HighAvailability
import KubernetesModels
import PostgresClusterAPI
import Units

/// Whom commits wait for: the annotations of `<cluster>-sync`.
struct SynchronousRecord: Sendable, Hashable {
    let leader: String
    let members: Set<String>
    /// How many standbys confirm each commit.
    let count: Int

    /// nil when the record restricts nothing.
    init?(_ annotations: [String: String]) {
        guard let leader = annotations[StoreKey.leader], !leader.isEmpty else { return nil }
        self.leader = leader
        let names = annotations[StoreKey.synchronousStandbys]?.split(separator: ",").map(String.init) ?? []
        members = Set(names)
        let quorum = annotations[StoreKey.quorum].map { SynchronousState.quorum(reading: $0) ?? names.count } ?? 0
        count = max(0, members.count - quorum)
    }
}

/// The annotation `matriarch.dev/failover-loss`, written by the agent that was promoted.
struct LossReport: Sendable, Hashable {
    let verdict: FailoverLoss.Verdict
    let from: String?
    let to: String
    let timeline: Int64
    let start: LSN
    let published: LSN?

    init?(_ annotation: String) {
        guard let json = parsed(annotation), let to = json["to"]?.stringValue,
            let verdict = json["verdict"]?.stringValue.flatMap(FailoverLoss.Verdict.init),
            let timeline = json["timeline"]?.int64Value, let start = json["start"]?.stringValue.flatMap({ LSN($0) })
        else { return nil }
        self.verdict = verdict
        from = json["from"]?.stringValue
        self.to = to
        self.timeline = timeline
        self.start = start
        published = json["published"]?.stringValue.flatMap { LSN($0) }
    }
}

/// The annotation `abandoned.matriarch.dev/<member>`, written by that member before it was rewound or copied anew.
struct AbandonedReport: Sendable, Hashable {
    let timeline: Int64
    let start: LSN
    let end: LSN
    /// nil when they could not be counted.
    let commits: Int64?

    init?(_ annotation: String) {
        guard let json = parsed(annotation), let timeline = json["timeline"]?.int64Value,
            let start = json["start"]?.stringValue.flatMap({ LSN($0) }),
            let end = json["end"]?.stringValue.flatMap({ LSN($0) })
        else { return nil }
        self.timeline = timeline
        self.start = start
        self.end = end
        commits = json["commits"]?.int64Value.map { max(0, $0) }
    }
}

/// An annotation nobody can read says nothing.
private func parsed(_ annotation: String) -> JSONValue? {
    do {
        return try JSONValue(parsing: annotation)
    } catch {
        return nil
    }
}
