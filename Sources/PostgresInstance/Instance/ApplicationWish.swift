import PostgresConfiguration
import ServerControl

/// What the role of an application is to have, as the agent file and the Secret say in one moment.
struct ApplicationWish: Hashable, Sendable {
    let database: ApplicationDatabase
    let password: Password

    enum Password: Hashable, Sendable {
        case known(String)
        /// Why the Secret cannot be used, as a sentence.
        case unusable(String)
    }

    init(_ database: ApplicationDatabase, password: String) {
        self.database = database
        self.password = .known(password)
    }

    init(_ database: ApplicationDatabase, reading secret: ApplicationSecret) {
        self.database = database
        do {
            password = .known(try secret.password(for: database))
        } catch {
            password = .unusable(error.message)
        }
    }

    /// - Throws: ``InstanceError`` `.credentials` naming the Secret and what it must have.
    func usablePassword() throws(InstanceError) -> String {
        switch password {
        case .known(let text): return text
        case .unusable(let reason): throw InstanceError(.credentials, reason)
        }
    }
}
