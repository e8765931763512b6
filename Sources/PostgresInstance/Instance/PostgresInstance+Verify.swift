import PostgresClient
public import ServerControl

extension PostgresInstance {
    /// What the running server says is wrong with its files as they are now, before any reload: parameters and lines of access.
    ///
    /// PostgreSQL reads the files anew for this and applies nothing. A file with one error is refused whole at a reload, and
    /// keeps a server from starting.
    ///
    /// - Returns: each error; empty when a reload would take everything.
    public func configurationFileErrors(deadline: Duration) async throws -> [ConfigurationFileError] {
        let connection = try await openObserver(deadline: deadline)
        // What waits for a restart is listed as an error too, and is none: a change as one that "could not be applied", a
        // parameter that was taken out without its name. Of any other parameter "could not be applied" means that its value
        // is wrong.
        let errors: [ConfigurationFileError] = try await connection.query(
            """
            SELECT f.name, f.sourcefile, f.error
            FROM pg_show_all_file_settings() f LEFT JOIN pg_show_all_settings() s ON s.name = lower(f.name)
            WHERE f.error IS NOT NULL AND f.error NOT LIKE '%cannot be changed without restarting the server%'
            AND NOT (f.error LIKE '%could not be applied%' AND s.context = 'postmaster') ORDER BY f.seqno
            """, deadline: deadline
        ).rows.compactMap { row in
            guard row.count == 3, let message = row[2] else { return nil }
            return ConfigurationFileError(parameter: row[0], file: row[1], message: message)
        }
        guard let settings, let version = data.version else { return errors }
        let lines = AccessLines(
            hostBasedAuthentication: writtenTexts["pg_hba.conf"] ?? "",
            userNameMaps: writtenTexts["pg_ident.conf"] ?? "", settings: settings, version: version)
        return errors + (try await lines.errors(over: connection, deadline: deadline))
    }
}
