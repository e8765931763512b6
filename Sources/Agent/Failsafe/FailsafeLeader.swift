import HighAvailability
import KubernetesModels
import Units

/// What a leader says of itself when it asks the members whether it may stay.
struct FailsafeLeader: Sendable {
    var cluster: String
    var namespace: String
    var identity: HolderIdentity
    var connectionURL: String
    var apiURL: String

    /// The body of `POST /failsafe`: Patroni's keys, and under `matriarch` what proves who asks whom.
    func request(to member: String, podUID: String, _ round: FailsafeRound) -> JSONValue {
        [
            "name": .string(identity.member), "conn_url": .string(connectionURL), "api_url": .string(apiURL),
            "slots": [:],
            "matriarch": [
                "cluster": .string(cluster), "namespace": .string(namespace), "uid": .string(identity.podUID),
                "nonce": .string(identity.nonce), "epoch": .int(round.epoch),
                "ttl_ms": .int(round.ttl.milliseconds), "member": .string(member), "member_uid": .string(podUID),
            ],
        ]
    }
}
