import PostgresClient
public import PostgresConfiguration
public import ServerControl

/// The database of an application, the role that owns it, and that role's password.
extension PostgresInstance {
    /// - Throws: `InvalidSettings` when the agents have a role of that name; ``InstanceError`` `.credentials`.
    func requireUsable(_ application: ApplicationDatabase) throws {
        guard !credentials.roles.contains(application.owner) else {
            throw InvalidSettings(problems: [
                ConfigurationProblem(
                    field: "bootstrap.initdb.owner", value: application.owner,
                    rule:
                        "is a role the agents need, with a Secret of its own; the application's must have another name")
            ])
        }
        // Read for what it throws.
        _ = try credentials.application.password(for: application)
    }

    /// Makes the role and its database in data that initdb has made just now.
    ///
    /// A server of a single user does it, before the data count as made: nobody can connect, and what a crash or an error
    /// leaves is an unfinished initdb, which is made again as a whole. The role has the password of its Secret from the
    /// first moment a client can try it; for later ones see ``keepApplicationPassword(of:again:deadline:)``.
    ///
    /// - Throws: ``InstanceError`` `.credentials`, or `.toolFailed` with what PostgreSQL said.
    func createApplication(_ application: ApplicationDatabase, deadline: Duration) async throws {
        let owner = SQLText.identifier(application.owner)
        let password = try credentials.application.password(for: application)
        // Characters of base64 and a few signs; none of them ends a literal.
        let verifier = try ScramVerifier.make(password: password, user: application.owner)
        let statements = [
            "CREATE ROLE \(owner) LOGIN PASSWORD '\(verifier)'",
            "CREATE DATABASE \(SQLText.identifier(application.name)) OWNER \(owner)",
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
        applicationWish = (ApplicationWish(application, password: password), isMet: true)
    }

    /// Gives the application's role the password of its Secret, unless this agent gave it that one last.
    ///
    /// A role of that name that is not the database's owner, or is a superuser, is somebody else's: data may be older than the
    /// cluster, and there the name may be anybody's. The password reaches the server as a SCRAM verifier only. Whoever may log
    /// in as the role can hold a lock on it; that is waited for only briefly.
    ///
    /// - Parameter again: whether what was tried in vain is tried once more, though Secret and names are what they were.
    /// - Requires: a primary that accepts connections.
    /// - Throws: ``InstanceError`` `.credentials` when the role is there and its Secret cannot be used, and ``PostgresError``:
    ///   the role keeps the password it has.
    public func keepApplicationPassword(
        of application: ApplicationDatabase, again: Bool, deadline: Duration
    ) async throws -> ApplicationPassword {
        let wanted = ApplicationWish(application, reading: credentials.application)
        if let last = applicationWish, last.wanted == wanted, last.isMet || !again { return .unchanged }
        applicationWish = (wanted, isMet: false)
        let connection = try await openLocal(
            application: "matriarch roles", statementTimeout: deadline,
            settings: Self.ownSession.merging(["lock_timeout": "500ms"]) { $1 }, deadline: deadline)
        try await silence(connection, deadline: deadline)
        let owner = application.owner
        let found = try await connection.query(
            """
            SELECT NOT rolsuper AND EXISTS (SELECT FROM pg_database WHERE datname = $2 AND datdba = pg_authid.oid)
            FROM pg_authid WHERE rolname = $1
            """, parameters: [owner, application.name], deadline: deadline)
        let outcome: ApplicationPassword
        switch found.scalar {
        case nil: outcome = .noRole
        case "t" where !credentials.roles.contains(owner):
            let password = try wanted.usablePassword()
            let verifier = try await connection.scramVerifier(password: password, user: owner)
            _ = try await connection.query(
                "ALTER ROLE \(SQLText.identifier(owner)) PASSWORD '\(verifier)'", deadline: deadline)
            // Nothing is remembered if another office has begun meanwhile.
            applicationWish?.isMet = true
            outcome = .set
        case .some: outcome = .otherRole
        }
        await connection.close()
        return outcome
    }
}
