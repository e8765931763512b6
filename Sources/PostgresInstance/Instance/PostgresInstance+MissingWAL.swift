import PostgresClient
public import PostgresConfiguration
public import Units

extension PostgresInstance {
    /// Where the WAL begins that a standby needs next and `upstream` does not have any more; nil: it has all of it.
    ///
    /// - Parameter end: of the WAL the standby has.
    /// - Throws: ``PostgresError`` when the upstream cannot be asked; then nothing is known.
    public nonisolated func missingWAL(
        after end: LSN, on upstream: Upstream, deadline: Duration
    ) async throws -> LSN? {
        let connection = try await PostgresConnection.open(
            ConnectionParameters(
                address: .host(upstream.host), port: upstream.port, user: credentials.rewind.username,
                passwordFile: layout.passwordFile, applicationName: layout.memberName), deadline: deadline)
        let result: QueryResult
        do {
            // With all three arguments: of this function alone the role has the right.
            result = try await connection.query(
                """
                SELECT min(substr(name, 9)), pg_size_bytes(current_setting('wal_segment_size'))
                FROM pg_ls_dir('pg_wal', true, false) AS name WHERE name ~ '^[0-9A-F]{24}$'
                """, deadline: deadline)
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
        guard let row = result.rows.first, let name = row[0], let size = row[1].flatMap({ UInt64($0) }),
            let oldest = WALSegments.start(of: name, size: size)
        else { throw PostgresError(.unexpectedAnswer, "\(upstream.member) does not tell which WAL it has") }
        return WALSegments.missing(after: end, oldest: oldest, size: size)
    }
}
