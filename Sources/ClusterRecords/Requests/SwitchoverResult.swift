import HighAvailability
public import KubernetesModels

/// What became of a switchover, for the operator's status.
public struct SwitchoverResult: Hashable, Sendable {
    public var requestID: String?
    public var succeeded: Bool
    /// The leader before; nil when that is not known.
    public var from: String?
    public var to: String?
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
    public var json: JSONValue {
        var result: JSONValue = [
            "outcome": succeeded ? "succeeded" : "failed", "reason": .string(reason),
        ]
        if let from { result["from"] = .string(from) }
        if let loss { result["loss"] = .string(loss) }
        if let requestID { result["id"] = .string(requestID) }
        if let to { result["to"] = .string(to) }
        if let outage { result["outageMillis"] = .int(outage.milliseconds) }
        return result
    }
}
