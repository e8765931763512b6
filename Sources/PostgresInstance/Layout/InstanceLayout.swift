/// Where the local server's files are and where it listens.
public struct InstanceLayout: Hashable, Sendable {
    /// PGDATA, absolute. Its parent must be writable: directories are moved aside in it.
    public var dataDirectory: String
    /// The unix socket's directory.
    public var socketDirectory: String
    /// Memory-backed directory for the password file; nothing in it needs to survive the container.
    public var runtimeDirectory: String
    /// Where statements for a new cluster are mounted; nil: nowhere.
    public var scriptsDirectory: String?
    public var binaries: PostgresBinaries
    public var port: Int
    public var listenAddresses: String
    /// This member: `application_name` of its walreceiver.
    public var memberName: String
    /// The user the server and its tools run as. Nil, as in production: the agent's own.
    public var runAs: SystemUser?
    /// Where the server's log goes until `logging_collector` takes over.
    public var serverLog: ServerLog

    /// An operating-system user by number; it need not have a name.
    public struct SystemUser: Hashable, Sendable {
        public let uid: UInt32
        public let gid: UInt32

        public init(uid: UInt32, gid: UInt32) {
            self.uid = uid
            self.gid = gid
        }
    }

    /// The destination of the server's standard error.
    public enum ServerLog: Hashable, Sendable {
        /// The agent's own standard error.
        case inherited
        /// Appended to a file.
        case file(String)
    }

    public init(
        dataDirectory: String, socketDirectory: String, runtimeDirectory: String, scriptsDirectory: String? = nil,
        binaries: PostgresBinaries,
        port: Int = 5432, listenAddresses: String = "*", memberName: String, runAs: SystemUser? = nil,
        serverLog: ServerLog = .inherited
    ) {
        self.dataDirectory = dataDirectory
        self.socketDirectory = socketDirectory
        self.runtimeDirectory = runtimeDirectory
        self.scriptsDirectory = scriptsDirectory
        self.binaries = binaries
        self.port = port
        self.listenAddresses = listenAddresses
        self.memberName = memberName
        self.runAs = runAs
        self.serverLog = serverLog
    }
}
