import PostgresClient
public import ServerControl

extension PostgresInstance {
    /// What the running server says is wrong with its configuration files as they are now, before any reload.
    ///
    /// PostgreSQL reads the files anew for this and applies nothing. A file with one error is refused whole at a reload, and
    /// keeps a server from starting.
    ///
    /// - Returns: each error; empty when a reload would take everything.
    public func configurationFileErrors(deadline: Duration) async throws -> [ConfigurationFileError] {
        let connection = try await openObserver(deadline: deadline)
        // A change that waits for a restart is listed as an error too, and is none.
        return try await connection.query(
            """
            SELECT name, sourcefile, error FROM pg_show_all_file_settings()
            WHERE error IS NOT NULL AND error NOT LIKE '%could not be applied%' ORDER BY seqno
            """, deadline: deadline
        ).rows.compactMap { row in
            guard row.count == 3, let message = row[2] else { return nil }
            return ConfigurationFileError(parameter: row[0], file: row[1], message: message)
        }
    }
}
