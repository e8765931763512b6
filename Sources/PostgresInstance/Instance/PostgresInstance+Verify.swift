import PostgresClient

extension PostgresInstance {
    /// What the running server says is wrong with its configuration files as they are now, before any reload.
    ///
    /// PostgreSQL reads the files anew for this and applies nothing. A file with one error is refused whole at a reload, and
    /// keeps a server from starting.
    ///
    /// - Returns: one sentence for each error; empty when a reload would take everything.
    public func configurationFileErrors(deadline: Duration = .seconds(2)) async throws -> [String] {
        let connection = try await openObserver(deadline: deadline)
        // A change that waits for a restart is listed as an error too, and is none.
        return try await connection.query(
            """
            SELECT coalesce(name, sourcefile, 'a configuration file') || ': ' || error FROM pg_file_settings
            WHERE error IS NOT NULL AND error NOT LIKE '%could not be applied%' ORDER BY seqno
            """, deadline: deadline
        ).rows.compactMap { $0.first ?? nil }
    }
}
