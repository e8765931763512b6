/// Where and as whom to connect.
public struct ConnectionParameters: Hashable, Sendable {
    /// How the server is reached.
    public enum Address: Hashable, Sendable {
        /// The directory of the unix socket.
        case socket(directory: String)
        /// A host name or a numeric address.
        case host(String)
    }

    public var address: Address
    public var port: Int
    public var user: String
    /// Nil on a physical replication connection.
    public var database: String?
    /// In pgpass format.
    public var passwordFile: String?
    /// Of a person, who has it in no file. It outranks ``passwordFile``, and is in no description.
    public var password: Password?
    public var applicationName: String
    /// Speaks the replication protocol (`IDENTIFY_SYSTEM`, `TIMELINE_HISTORY`).
    public var isReplication: Bool
    /// `statement_timeout` of the session: frees a backend whose client gave up. Nil leaves the server's.
    public var statementTimeout: Duration?
    /// `search_path` of the session; nil leaves the server's.
    public var searchPath: String?
    /// Further parameters of the session, by name. They outrank what `postgresql.conf`, the database and the role say, and a
    /// library that the session is not to load is not looked for.
    public var settings: [String: String]

    public init(
        address: Address, port: Int, user: String, database: String? = "postgres", passwordFile: String? = nil,
        applicationName: String, isReplication: Bool = false, statementTimeout: Duration? = nil,
        searchPath: String? = nil, settings: [String: String] = [:]
    ) {
        self.address = address
        self.port = port
        self.user = user
        self.database = database
        self.passwordFile = passwordFile
        self.applicationName = applicationName
        self.isReplication = isReplication
        self.statementTimeout = statementTimeout
        self.searchPath = searchPath
        self.settings = settings
    }

    /// A password that is not shown by whatever shows the parameters.
    public struct Password: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable
    {
        fileprivate let text: String

        public init(_ text: String) { self.text = text }

        public var description: String { "(hidden)" }
        public var debugDescription: String { description }
        public var customMirror: Mirror { Mirror(self, children: []) }
    }

    /// For messages: where, never as whom.
    public var place: String {
        switch address {
        case .socket(let directory): "\(directory)/.s.PGSQL.\(port)"
        case .host(let host): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }

    /// libpq's keywords.
    ///
    /// - Parameter addresses: the host's addresses, already resolved: `PQconnectStart` would resolve names without a
    ///   deadline. libpq tries them in order and wants the host's name once for each.
    func keywords(addresses: [String]) -> [(String, String)] {
        var result: [(String, String)] = [
            ("port", String(port)), ("user", user), ("fallback_application_name", "matriarch"),
            ("application_name", applicationName), ("sslmode", "prefer"), ("gssencmode", "disable"),
            ("client_encoding", "UTF8"), ("keepalives_idle", "5"), ("keepalives_interval", "2"),
            ("keepalives_count", "3"), ("tcp_user_timeout", "10000"), ("target_session_attrs", "any"),
        ]
        switch address {
        case .socket(let directory):
            result.append(("host", directory))
        case .host(let host):
            result.append(("host", Array(repeating: host, count: max(1, addresses.count)).joined(separator: ",")))
            result.append(("hostaddr", addresses.joined(separator: ",")))
        }
        if let database, !isReplication { result.append(("dbname", database)) }
        if let password { result.append(("password", password.text)) }
        if let passwordFile { result.append(("passfile", passwordFile)) }
        if isReplication { result.append(("replication", "true")) }
        var options: [String] = []
        if let searchPath { options.append("-c search_path=\(searchPath)") }
        if let statementTimeout {
            let (seconds, attoseconds) = statementTimeout.components
            let milliseconds = seconds &* 1000 &+ attoseconds / 1_000_000_000_000_000
            options.append("-c statement_timeout=\(max(1, milliseconds))")
        }
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
            options.append("-c \(name)=\(Self.escaped(value))")
        }
        // A walsender takes no options of a session.
        if !isReplication { result.append(("options", options.joined(separator: " "))) }
        return result
    }

    /// An option's value: a space ends it unless a backslash stands before it.
    private static func escaped(_ value: String) -> String {
        value.map { $0 == " " || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
    }
}
