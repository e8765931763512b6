public import HighAvailability
public import KubernetesModels
import Units

/// The body of `POST /failsafe`: Patroni's keys, and under `matriarch` what proves who asks whom.
public struct FailsafeMessage: Hashable, Sendable {
    public var request: FailsafeRequest
    /// The cluster of a leader that makes a claim; nil from Patroni.
    public var scope: Scope?
    /// Of the leader's server, `postgres://10.0.0.7:5432/postgres`; empty when it does not say.
    public var connectionURL: String
    /// Of the leader's REST interface, `http://10.0.0.7:8008/patroni`; empty when it does not say.
    public var apiURL: String

    public init(_ request: FailsafeRequest, in scope: Scope?, connectionURL: String, apiURL: String) {
        self.request = request
        self.scope = scope
        self.connectionURL = connectionURL
        self.apiURL = apiURL
    }

    /// - Returns: nil for what is neither Patroni's request nor ours.
    public init?(json: JSONValue) {
        guard let leader = json["name"]?.stringValue, !leader.isEmpty else { return nil }
        self.init(
            FailsafeRequest(leader: leader), in: nil, connectionURL: json["conn_url"]?.stringValue ?? "",
            apiURL: json["api_url"]?.stringValue ?? "")
        guard let own = json["matriarch"] else { return }
        guard let cluster = own["cluster"]?.stringValue, let namespace = own["namespace"]?.stringValue,
            let uid = own["uid"]?.stringValue, let nonce = own["nonce"]?.stringValue,
            let epoch = own["epoch"]?.int64Value, LockRecord.epochs.contains(epoch),
            let ttl = own["ttl_ms"]?.int64Value,
            let member = own["member"]?.stringValue, let memberUID = own["member_uid"]?.stringValue
        else { return nil }
        scope = Scope(namespace: namespace, cluster: cluster)
        request.claim = FailsafeRequest.Claim(
            identity: HolderIdentity(member: leader, podUID: uid, nonce: nonce), epoch: epoch,
            ttl: .milliseconds(ttl), member: member, podUID: memberUID)
    }

    public var json: JSONValue {
        var json: JSONValue = [
            "name": .string(request.leader), "conn_url": .string(connectionURL), "api_url": .string(apiURL),
            "slots": [:],
        ]
        if let claim = request.claim, let scope {
            json["matriarch"] = [
                "cluster": .string(scope.cluster), "namespace": .string(scope.namespace),
                "uid": .string(claim.identity.podUID), "nonce": .string(claim.identity.nonce),
                "epoch": .int(claim.epoch), "ttl_ms": .int(claim.ttl.milliseconds), "member": .string(claim.member),
                "member_uid": .string(claim.podUID),
            ]
        }
        return json
    }
}
