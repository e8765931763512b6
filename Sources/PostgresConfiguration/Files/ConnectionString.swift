/// A libpq connection string; never carries a password.
public struct ConnectionString: Hashable, Sendable, CustomStringConvertible {
    public private(set) var parameters: [(name: String, value: String)]

    public init(_ parameters: [(name: String, value: String)]) {
        self.parameters = parameters
    }

    /// How an agent or its server reaches another member: bounded in every phase, by password file.
    public init(
        upstream: Upstream, user: String, database: String?, passwordFile: String, applicationName: String
    ) {
        parameters = [
            ("host", upstream.host), ("port", String(upstream.port)), ("user", user), ("passfile", passwordFile),
            ("application_name", applicationName), ("sslmode", "prefer"), ("gssencmode", "disable"),
            ("connect_timeout", "3"), ("tcp_user_timeout", "10000"), ("keepalives_idle", "5"),
            ("keepalives_interval", "2"), ("keepalives_count", "3"),
        ]
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
