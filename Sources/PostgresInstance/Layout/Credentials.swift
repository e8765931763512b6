import ServerControl

/// The accounts the agent and its server use; passwords stay in files.
public struct Credentials: Hashable, Sendable {
    /// One database role.
    public struct Account: Hashable, Sendable {
        public let username: String
        /// Holds the password and nothing else; a trailing newline does not count. Read anew whenever it is needed.
        public let passwordFile: String

        public init(username: String, passwordFile: String) {
            self.username = username
            self.passwordFile = passwordFile
        }

        func password() throws(InstanceError) -> String {
            let text = try FileSystem.read(passwordFile, code: .credentials)
            // One Character, and not the other one: so many editors of Windows end a line.
            let password = ["\n", "\r\n"].contains(text.last) ? String(text.dropLast()) : text
            guard !password.isEmpty, !password.unicodeScalars.contains("\n") else {
                throw InstanceError(
                    .credentials, "\(passwordFile) must hold one line: the password of \(username)")
            }
            return password
        }
    }

    public let superuser: Account
    public let replication: Account
    public let rewind: Account
    /// There or not, of a cluster with a database for an application or not. No session of the agent's uses it.
    public let application: ApplicationSecret

    public init(superuser: Account, replication: Account, rewind: Account, application: ApplicationSecret) {
        self.superuser = superuser
        self.replication = replication
        self.rewind = rewind
        self.application = application
    }

    /// The agents' own roles.
    var roles: [String] { [superuser, replication, rewind].map(\.username) }

    /// libpq's password file: every account, on every host.
    func passwordFile() throws(InstanceError) -> String {
        var lines = ""
        for account in [superuser, replication, rewind] {
            lines += "*:*:*:\(Self.escaped(account.username)):\(Self.escaped(try account.password()))\n"
        }
        return lines
    }

    private static func escaped(_ text: String) -> String {
        text.map { $0 == ":" || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
    }
}
