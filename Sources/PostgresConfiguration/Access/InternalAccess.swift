/// The accounts the agents themselves use, and how the local one gets in.
public struct InternalAccess: Hashable, Sendable {
    public let superuser: String
    public let replication: String
    public let rewind: String
    /// Operating-system users that may be the superuser over the unix socket without a password. Empty when the uid has no
    /// name (a Pod with an arbitrary uid): then the password is asked for.
    public let trustedSystemUsers: [String]

    public init(superuser: String, replication: String, rewind: String, trustedSystemUsers: [String]) {
        self.superuser = superuser
        self.replication = replication
        self.rewind = rewind
        self.trustedSystemUsers = trustedSystemUsers
    }

    /// The rules that stand first in `pg_hba.conf`: no user rule can lock the agents out.
    var rules: [String] {
        let quoted = AuthenticationLine.quoted
        let local = trustedSystemUsers.isEmpty ? "scram-sha-256" : "peer map=\(IdentMapping.reservedMap)"
        return [
            "local all \(quoted(superuser)) \(local)",
            "local replication \(quoted(replication)) scram-sha-256",
            "host replication \(quoted(replication)) all scram-sha-256",
            "host \"postgres\" \(quoted(rewind)) all scram-sha-256",
        ]
    }

    var mappings: [String] {
        trustedSystemUsers.map {
            "\(IdentMapping.reservedMap) \(AuthenticationLine.quoted($0)) \(AuthenticationLine.quoted(superuser))"
        }
    }
}
