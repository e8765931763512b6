public import HighAvailability
import KubernetesModels

/// The annotation `matriarch.dev/reinitialize` on the configuration's object: the operator writes it, the member it names
/// obeys.
extension ReinitializeOrder {
    /// nil for what asks nothing of anybody.
    public init?(annotation: String) {
        // Not JSON: as if there were nothing in it.
        guard let json = try? JSONValue(parsing: annotation), let id = json["id"]?.stringValue, !id.isEmpty,
            let member = json["member"]?.stringValue
        else { return nil }
        self.init(
            id: id, member: member, isForced: json["force"]?.boolValue ?? false,
            isForMissingWAL: json["missing_wal"]?.boolValue ?? false)
    }

    /// The annotation that says the same.
    public var annotation: String {
        var order: JSONValue = ["id": .string(id), "member": .string(member), "force": .bool(isForced)]
        if isForMissingWAL { order["missing_wal"] = true }
        return order.serialized()
    }
}

/// `reinitialize` in what a member publishes of itself.
extension ReinitializeReport {
    /// nil for what does not say which order was answered, and how.
    init?(json: JSONValue?) {
        guard let id = json?["id"]?.stringValue,
            let outcome = json?["outcome"]?.stringValue.flatMap({ Outcome(rawValue: $0) })
        else { return nil }
        let percent = json?["percent"]?.intValue.flatMap { (0...100).contains($0) ? $0 : nil }
        self.init(
            id: id, outcome: outcome, reason: json?["reason"]?.stringValue ?? "", percent: percent,
            isMoved: json?["moved"]?.boolValue)
    }

    var json: JSONValue {
        var json: JSONValue = [
            "id": .string(id), "outcome": .string(outcome.rawValue), "reason": .string(reason),
        ]
        if let percent { json["percent"] = .int(Int64(percent)) }
        if let isMoved { json["moved"] = .bool(isMoved) }
        return json
    }
}
