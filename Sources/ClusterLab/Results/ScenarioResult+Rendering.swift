public import KubernetesModels
import Units

extension ScenarioResult {
    public static let columns = [
        "operation", "outage ms", "rows acknowledged", "rows lost", "new leader", "timeline", "remarks",
    ]

    public var cells: [String] {
        [
            operation, outage.map { String($0.milliseconds) } ?? "", verdict.map { String($0.acknowledged) } ?? "",
            verdict.map { String($0.lost.count) } ?? "", leaderAfter ?? "", timeline?.description ?? "",
            remarks,
        ]
    }

    /// Figures, notes and problems in one line; empty when there is none.
    public var remarks: String {
        (figures.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" } + notes
            + problems.map { "PROBLEM: \($0)" }).joined(separator: "; ")
    }

    public var json: JSONValue {
        var value: JSONValue = ["operation": .string(operation), "passed": .bool(hasPassed)]
        value["outageMillis"] = outage.map { .int($0.milliseconds) }
        if let verdict {
            value["rowsAcknowledged"] = .int(Int64(verdict.acknowledged))
            value["rowsLost"] = .int(Int64(verdict.lost.count))
            value["rowsPresentUnacknowledged"] = .int(Int64(verdict.presentUnacknowledged.count))
            value["overlappingAcknowledgements"] = .int(Int64(verdict.formerPrimaryCount))
        }
        value["leaderBefore"] = leaderBefore.map { .string($0) }
        value["leaderAfter"] = leaderAfter.map { .string($0) }
        value["timeline"] = timeline.map { .int(Int64($0.rawValue)) }
        if !figures.isEmpty { value["figures"] = .object(figures.mapValues { .int($0) }) }
        if !problems.isEmpty { value["problems"] = .array(problems.map { .string($0) }) }
        if !notes.isEmpty { value["notes"] = .array(notes.map { .string($0) }) }
        return value
    }
}
