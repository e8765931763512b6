public import HighAvailability
import KubernetesModels
import Units

/// The annotation `matriarch.dev/failover-loss` on the configuration's object: the agent that was promoted writes it, the
/// operator makes a status of it.
extension FailoverLoss {
    /// nil for what is not JSON, or lacks the verdict, the new leader, the timeline or where it begins.
    public init?(annotation: String) {
        // Not JSON: as if there were nothing in it.
        guard let json = try? JSONValue(parsing: annotation),
            let verdict = json["verdict"]?.stringValue.flatMap({ Verdict(rawValue: $0) }),
            let member = json["to"]?.stringValue, let timeline = Timeline(json: json["timeline"]),
            let start = LSN(json: json["start"])
        else { return nil }
        self.init(
            verdict: verdict, member: member, former: json["from"]?.stringValue, timeline: timeline, start: start,
            published: LSN(json: json["published"]))
    }

    /// The annotation that says the same. Positions are written as PostgreSQL writes them.
    public var annotation: String {
        var value: JSONValue = [
            "verdict": .string(verdict.rawValue), "to": .string(member), "timeline": .int(Int64(timeline.rawValue)),
            "start": .string(start.description),
        ]
        if let former { value["from"] = .string(former) }
        if let published { value["published"] = .string(published.description) }
        return value.serialized()
    }
}
