public import HighAvailability
import KubernetesModels
import Units

extension RestartOrder {
    /// nil for what asks nothing of anybody; a condition that cannot be read must not be dropped either.
    public init?(annotation: String) {
        // Not JSON: as if there were nothing in it.
        guard let json = try? JSONValue(parsing: annotation), let id = json["id"]?.stringValue, !id.isEmpty,
            let member = json["member"]?.stringValue
        else { return nil }
        let role = json["role"]?.stringValue.map { MemberRole(rawValue: $0) }
        if case .some(nil) = role { return nil }
        self.init(
            id: id, member: member, postmasterStartTime: json["postmaster_start_time"]?.stringValue,
            onlyPending: json["restart_pending"]?.boolValue ?? false, role: role ?? nil)
    }
}

extension RestartReport {
    init?(json: JSONValue?) {
        guard let id = json?["id"]?.stringValue,
            let outcome = json?["outcome"]?.stringValue.flatMap({ Outcome(rawValue: $0) })
        else { return nil }
        self.init(id: id, outcome: outcome, reason: json?["reason"]?.stringValue ?? "")
    }

    var json: JSONValue { ["id": .string(id), "outcome": .string(outcome.rawValue), "reason": .string(reason)] }
}
