import KubernetesModels
public import Units

/// WAL that a member last left behind: the annotation `abandoned.matriarch.dev/<member>` on the configuration's object.
///
/// The member writes it before it is rewound or copied anew, the operator makes a status of it.
public struct AbandonedReport: Hashable, Sendable {
    public var abandoned: AbandonedWAL
    /// Whose course the member goes back to; nil when it did not say.
    public var leader: String?

    public init(_ abandoned: AbandonedWAL, leader: String?) {
        self.abandoned = abandoned
        self.leader = leader
    }

    /// nil for what is not JSON, or lacks the timeline or an end.
    public init?(annotation: String) {
        // Not JSON: as if there were nothing in it.
        guard let json = try? JSONValue(parsing: annotation), let timeline = Timeline(json: json["timeline"]),
            let start = LSN(json: json["start"]), let end = LSN(json: json["end"])
        else { return nil }
        abandoned = AbandonedWAL(
            timeline: timeline, start: start, end: end, commits: json["commits"]?.intValue.map { max(0, $0) })
        leader = json["leader"]?.stringValue
    }

    /// The annotation that says the same. Positions are written as PostgreSQL writes them.
    public var annotation: String {
        var value: JSONValue = [
            "timeline": .int(Int64(abandoned.timeline.rawValue)), "start": .string(abandoned.start.description),
            "end": .string(abandoned.end.description),
        ]
        if let leader { value["leader"] = .string(leader) }
        if let commits = abandoned.commits { value["commits"] = .int(Int64(commits)) }
        return value.serialized()
    }

    /// By member, what the configuration's object has of them; those nobody can read are passed over.
    public static func all(in annotations: [String: String]) -> [String: AbandonedReport] {
        var reports: [String: AbandonedReport] = [:]
        for (key, text) in annotations where key.hasPrefix(StoreKey.abandonedPrefix) {
            reports[String(key.dropFirst(StoreKey.abandonedPrefix.count))] = AbandonedReport(annotation: text)
        }
        return reports
    }
}
