/// A libpq connection string; never carries a password.
public struct ConnectionString: Hashable, Sendable, CustomStringConvertible {
    public private(set) var parameters: [(name: String, value: String)]

    public init(_ parameters: [(name: String, value: String)]) {
        self.parameters = parameters
    }

    /// How an agent or its server reaches another member: bounded in every phase, by password file.
    ///
    /// From PostgreSQL 16 on a member is told the password in no other way than by SCRAM, whoever answers at its address.
    ///
    /// - Parameter version: of the program whose libpq reads it.
    public init(
        upstream: Upstream, user: String, database: String?, passwordFile: String, applicationName: String,
        version: ServerVersion
    ) {
        parameters = [
            ("host", upstream.host), ("port", String(upstream.port)), ("user", user), ("passfile", passwordFile),
            ("application_name", applicationName), ("sslmode", "prefer"), ("gssencmode", "disable"),
            ("connect_timeout", "3"), ("tcp_user_timeout", "10000"), ("keepalives_idle", "5"),
            ("keepalives_interval", "2"), ("keepalives_count", "3"),
        ]
        if version.major >= 16, !upstream.isRemote { parameters.append(("require_auth", "scram-sha-256")) }
        if let database { parameters.append(("dbname", database)) }
    }

    public var description: String {
        parameters.map { name, value in
            "\(name)='"
                + value.map { $0 == "'" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "'"
        }.joined(separator: " ")
    }

    public static func == (left: ConnectionString, right: ConnectionString) -> Bool {
        left.description == right.description
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(description)
    }
}
