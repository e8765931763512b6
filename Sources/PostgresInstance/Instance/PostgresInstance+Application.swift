import PostgresClient
import PostgresConfiguration

/// The database of an application, the role that owns it, and that role's password.
extension PostgresInstance {
    /// Refuses what would end as a cluster without its application, before anything is made.
    ///
    /// - Throws: `InvalidSettings` when the agents have a role of that name; ``InstanceError`` `.credentials`.
    func requireUsable(_ application: ApplicationDatabase) throws {
        let own = [credentials.superuser, credentials.replication, credentials.rewind].map(\.username)
        guard !own.contains(application.owner) else {
            throw InvalidSettings(problems: [
                ConfigurationProblem(
                    field: "bootstrap.initdb.owner", value: application.owner,
                    rule:
                        "is a role the agents need, with a Secret of its own; the application's must have another name")
            ])
        }
        // Read for what it throws.
        _ = try credentials.application?.password()
    }

    /// Makes the role and its database in data that initdb has made just now.
    ///
    /// A server of a single user does it, before the data count as made: nobody can connect, and what a crash or an error
    /// leaves is an unfinished initdb, which is made again as a whole. The role has the password of its Secret from the
    /// first moment a client can try it; for later ones see ``keepApplicationPassword(deadline:)``.
    ///
    /// - Throws: ``InstanceError`` `.toolFailed` with what PostgreSQL said.
    func createApplication(_ application: ApplicationDatabase, deadline: Duration) async throws {
        let owner = Self.identifier(application.owner)
        let password = try credentials.application?.password()
        // Characters of base64 and a few signs; none of them ends a literal.
        let verifier = try password.map { try ScramVerifier.make(password: $0, user: application.owner) }
        let statements = [
            "CREATE ROLE \(owner) LOGIN" + (verifier.map { " PASSWORD '\($0)'" } ?? ""),
            "CREATE DATABASE \(Self.identifier(application.name)) OWNER \(owner)",
        ]
        // -j: a statement ends with a semicolon and an empty line. -F: the caller syncs the whole directory.
        let arguments =
            ["--single", "-F", "-j", "-D", data.path]
            + ["exit_on_error=on", "log_line_prefix=", "log_min_messages=fatal", "log_min_error_statement=panic"]
            .flatMap { ["-c", $0] }
        _ = try await tools.run(
            Tool(
                program: "postgres", arguments: arguments + ["postgres"], deadline: deadline,
                input: statements.map { "\($0);\n\n" }.joined()))
        applicationPassword = password
    }

    /// Gives the application's role the password of its Secret, unless this agent gave it that one last.
    ///
    /// The password reaches the server as a SCRAM verifier only.
    ///
    /// - Requires: a primary that accepts connections.
    /// - Throws: ``InstanceError`` `.credentials` when the Secret cannot be used, and ``PostgresError``: the role keeps the
    ///   password it has.
    public func keepApplicationPassword(deadline: Duration = .seconds(2)) async throws -> ApplicationPassword {
        guard let application = credentials.application else { return .unchanged }
        let password = try application.password()
        guard password != applicationPassword else { return .unchanged }
        let owner = application.database.owner
        let connection = try await openLocal(
            application: "matriarch roles", statementTimeout: deadline, deadline: deadline)
        try await silence(connection, deadline: deadline)
        let exists = try await connection.query(
            "SELECT 1 FROM pg_roles WHERE rolname = $1", parameters: [owner], deadline: deadline)
        if !exists.rows.isEmpty {
            let verifier = try ScramVerifier.make(password: password, user: owner)
            _ = try await connection.query(
                "ALTER ROLE \(Self.identifier(owner)) PASSWORD '\(verifier)'", deadline: deadline)
        }
        await connection.close()
        applicationPassword = password
        return exists.rows.isEmpty ? .noRole : .set
    }

    /// What became of a password that was looked at.
    public enum ApplicationPassword: Hashable, Sendable {
        case unchanged
        case set
        /// Somebody has dropped or renamed the role, or these data are older than the cluster; none is made.
        case noRole
    }
}
