import KubernetesModels
import Units

/// What became of a switchover: the annotation `matriarch.dev/switchover-result` on the configuration's object.
///
/// The agent that led writes it, the operator makes a status of it.
public struct SwitchoverResult: Hashable, Sendable {
    /// Of the request; nil for one that had none, such as Patroni's.
    public var requestID: String?
    public var succeeded: Bool
    /// The leader before; nil when that is not known.
    public var from: String?
    /// The leader after it, or whom the lock was to go to when it failed; nil when that is not known.
    public var to: String?
    /// A sentence; empty when nothing was said.
    public var reason: String
    /// From the stop of the old leader until the read-write Service could lead to the new one; nil when it is not known.
    public var outage: Duration?
    /// What a forced failover cost, in one sentence; nil when nothing is known to be lost.
    public var loss: String?

    public init(
        requestID: String?, succeeded: Bool, from: String?, to: String?, reason: String, outage: Duration? = nil,
        loss: String? = nil
    ) {
        self.requestID = requestID
        self.succeeded = succeeded
        self.from = from
        self.to = to
        self.reason = reason
        self.outage = outage
        self.loss = loss
    }
}

extension SwitchoverResult {
    /// nil for what is not JSON, or does not say how it ended.
    public init?(annotation: String) {
        // Not JSON: as if there were nothing in it.
        guard let json = try? JSONValue(parsing: annotation), let outcome = json["outcome"]?.stringValue else {
            return nil
        }
        self.init(
            requestID: json["id"]?.stringValue, succeeded: outcome == Self.success, from: json["from"]?.stringValue,
            to: json["to"]?.stringValue, reason: json["reason"]?.stringValue ?? "",
            outage: json["outageMillis"]?.int64Value.map { .milliseconds(max(0, $0)) },
            loss: json["loss"]?.stringValue)
    }

    /// The annotation that says the same. The outage has whole milliseconds.
    public var annotation: String {
        var result: JSONValue = [
            "outcome": .string(succeeded ? Self.success : "failed"), "reason": .string(reason),
        ]
        if let from { result["from"] = .string(from) }
        if let loss { result["loss"] = .string(loss) }
        if let requestID { result["id"] = .string(requestID) }
        if let to { result["to"] = .string(to) }
        if let outage { result["outageMillis"] = .int(outage.milliseconds) }
        return result.serialized()
    }

    private static let success = "succeeded"
}
