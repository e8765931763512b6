import PostgresConfiguration
import ServerControl

/// The Secret with the password of an application's role: people may write it, and it may be missing.
public struct ApplicationSecret: Hashable, Sendable {
    /// Where it is mounted, if it is there: the files `username` and `password`.
    private let directory: String

    public init(directory: String) {
        self.directory = directory
    }

    /// Reads the password anew.
    ///
    /// An application is given the very bytes of the Secret, so nothing is taken off them.
    ///
    /// - Parameter database: whose owner it must be for; of this moment, as the agent file is.
    /// - Throws: ``InstanceError`` `.credentials` naming the Secret and what it must have.
    func password(for database: ApplicationDatabase) throws(InstanceError) -> String {
        func refusal(_ rule: String) -> InstanceError {
            InstanceError(.credentials, "Secret \(database.secret): \(rule)")
        }
        func value(_ key: String) throws(InstanceError) -> String {
            guard let text = FileSystem.readIfPresent("\(directory)/\(key)") else {
                throw refusal("there is no \(key): the Secret or the key is missing")
            }
            return text
        }
        guard try value("username") == database.owner else {
            throw refusal("username must be \(database.owner), the owner of the database \(database.name)")
        }
        let password = try value("password")
        guard !password.isEmpty else { throw refusal("password is empty") }
        guard !password.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
            throw refusal("password must be one line, without a line break at its end")
        }
        return password
    }
}
