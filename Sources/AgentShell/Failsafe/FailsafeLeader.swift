import ClusterRecords
import HighAvailability

/// What a leader says of itself when it asks the members whether it may stay.
struct FailsafeLeader: Sendable {
    var scope: Scope
    var identity: HolderIdentity
    var connectionURL: String
    var apiURL: String

    func message(to member: String, podUID: String, _ round: FailsafeRound) -> FailsafeMessage {
        FailsafeMessage(
            FailsafeRequest(
                leader: identity.member,
                claim: FailsafeRequest.Claim(
                    identity: identity, epoch: round.epoch, ttl: round.ttl, member: member, podUID: podUID)),
            in: scope, connectionURL: connectionURL, apiURL: apiURL)
    }
}
