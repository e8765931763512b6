import Logging
import PostgresClient
public import PostgresConfiguration
import ServerControl

extension PostgresInstance {
    /// Makes a new cluster with `initdb`: SCRAM everywhere, the superuser's password from its file, and empty but for the
    /// database of an application and what people's own statements make.
    ///
    /// - Requires: ``dataDirectoryState()`` is `.absent` or `.empty`.
    /// - Throws: `InvalidSettings` when the programs are of a version without one of the options, or an option means a role
    ///   of the agents' own; ``ScriptFailure`` for a statement that cannot run; ``InstanceError``. What was made by then is
    ///   removed again.
    public func initialize(
        options: InitdbOptions, parameters: [String: String], deadline: Duration
    ) async throws {
        let existed = try await requireNoData(for: "initdb")
        let chosen = try options.arguments(in: try await programVersion())
        try requireUsable(options)
        try prepareRuntime()
        let passwordFile = "\(layout.runtimeDirectory)/initdb-password"
        try FileSystem.write(
            try credentials.superuser.password() + "\n", to: passwordFile, mode: 0o600, owner: layout.runAs)
        defer {
            do { try FileSystem.remove(passwordFile) } catch {
                logger.warning("a password file was left behind", metadata: ["error": "\(error)"])
            }
        }
        let arguments = [
            "--pgdata", data.path, "--username", credentials.superuser.username, "--pwfile", passwordFile,
            "--auth-local", "scram-sha-256", "--auth-host", "scram-sha-256", "--no-sync",
        ]
        try await create(
            "initdb", arguments: arguments + chosen, directoryExisted: existed, deadline: deadline,
            then: {
                if let application = options.application {
                    try await createApplication(application, deadline: deadline)
                }
                try await runScripts(options, parameters: parameters)
            })
    }

    /// Creates or updates the replication and the rewind role, and sets all three passwords.
    ///
    /// Passwords reach the server as SCRAM verifiers only, so no log can hold them.
    ///
    /// - Requires: a primary that accepts connections.
    public func createRoles(deadline: Duration) async throws {
        let connection = try await openLocal(
            application: "matriarch roles", statementTimeout: deadline, deadline: deadline)
        try await silence(connection, deadline: deadline)
        try await setRole(credentials.superuser, attributes: "SUPERUSER LOGIN", connection, deadline: deadline)
        try await setRole(credentials.replication, attributes: "REPLICATION LOGIN", connection, deadline: deadline)
        try await setRole(credentials.rewind, attributes: "LOGIN", connection, deadline: deadline)
        // What pg_rewind calls on its source (PostgreSQL documentation, pg_rewind, "Notes").
        for function in [
            "pg_ls_dir(text, boolean, boolean)", "pg_stat_file(text, boolean)", "pg_read_binary_file(text)",
            "pg_read_binary_file(text, bigint, bigint, boolean)",
        ] {
            _ = try await connection.query(
                "GRANT EXECUTE ON FUNCTION pg_catalog.\(function) TO \(SQLText.identifier(credentials.rewind.username))",
                deadline: deadline)
        }
        // Where everybody may connect this changes nothing; where that was revoked, no member could rewind.
        if let database = try await connection.query("SELECT current_database()", deadline: deadline).scalar {
            let rewind = SQLText.identifier(credentials.rewind.username)
            _ = try await connection.query(
                "GRANT CONNECT ON DATABASE \(SQLText.identifier(database)) TO \(rewind)", deadline: deadline)
        }
        await connection.close()
    }

    /// Keeps the verifiers this session sends out of logs and of what extensions collect.
    func silence(_ connection: PostgresConnection, deadline: Duration) async throws {
        // Local commit: standbys may not exist yet, and a synchronous cluster must be able to make its first one.
        _ = try await connection.query(
            """
            SET synchronous_commit = local; SET log_statement = 'none'; SET log_min_duration_statement = -1;
            SET log_min_error_statement = 'panic'; SET pg_stat_statements.track = 'none';
            SET debug_print_parse = off; SET debug_print_rewritten = off; SET debug_print_plan = off
            """, deadline: deadline)
        try await silenceRawParse(connection, deadline: deadline)
    }

    private func setRole(
        _ account: Credentials.Account, attributes: String, _ connection: PostgresConnection, deadline: Duration
    ) async throws {
        let verifier = try await connection.scramVerifier(
            password: try account.password(), user: account.username)
        let exists = try await connection.query(
            "SELECT 1 FROM pg_roles WHERE rolname = $1", parameters: [account.username], deadline: deadline)
        let verb = exists.rows.isEmpty ? "CREATE" : "ALTER"
        _ = try await connection.query(
            "\(verb) ROLE \(SQLText.identifier(account.username)) \(attributes) PASSWORD '\(verifier)'",
            deadline: deadline)
    }

    // MARK: Making a data directory

    /// - Returns: whether the (empty) directory exists.
    func requireNoData(for operation: String) async throws -> Bool {
        switch try await dataDirectoryState() {
        case .absent: return false
        case .empty: return true
        case .initialized, .incomplete, .unreadable:
            throw InstanceError(.refused, "\(operation) refused: \(data.path) is not empty")
        }
    }

    /// Runs a program, told not to sync, that fills the data directory; on failure removes what it made.
    ///
    /// - Parameter complete: what else belongs to the data; they count as made when this is done.
    func create(
        _ program: String, arguments: [String], directoryExisted: Bool, deadline: Duration,
        progress: @escaping @Sendable (String) -> Void = { _ in }, then complete: () async throws -> Void = {}
    ) async throws {
        try FileSystem.makeDirectory(FileSystem.directory(of: data.path), owner: layout.runAs)
        try data.begin(program)
        do {
            _ = try await tools.run(
                Tool(program: program, arguments: arguments, deadline: deadline), progress: progress)
            try await complete()
            try FileSystem.synchronizeFileSystem(of: data.path)
            try data.finish()
        } catch {
            try removeCreatedData(keepingDirectory: directoryExisted)
            throw error
        }
    }
}
