import HighAvailability
import KubernetesModels

/// `restart` in what a member publishes of itself.
extension RestartReport {
    /// nil for what does not say which order was answered, and how.
    init?(json: JSONValue?) {
        guard let id = json?["id"]?.stringValue,
            let outcome = json?["outcome"]?.stringValue.flatMap({ Outcome(rawValue: $0) })
        else { return nil }
        self.init(id: id, outcome: outcome, reason: json?["reason"]?.stringValue ?? "")
    }

    var json: JSONValue { ["id": .string(id), "outcome": .string(outcome.rawValue), "reason": .string(reason)] }
}
