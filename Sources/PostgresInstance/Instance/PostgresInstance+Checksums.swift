import PostgresClient
public import ServerControl

extension PostgresInstance {
    /// What the checksums of the running server's pages have found, from its statistics.
    ///
    /// - Returns: nil in a server without checksums.
    public func damagedPages(deadline: Duration) async throws -> DamagedPages? {
        let connection = try await openLocal(
            application: "matriarch checksums", statementTimeout: deadline,
            settings: Self.ownSession.merging(["lock_timeout": "500ms"]) { $1 }, deadline: deadline)
        let result: QueryResult
        do {
            result = try await connection.query(
                """
                SELECT current_setting('data_checksums'), quote_ident(datname), checksum_failures
                FROM (VALUES (1)) AS always LEFT JOIN pg_stat_database ON checksum_failures > 0 ORDER BY datname
                """, deadline: deadline)
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
        guard result.scalar == "on" else { return nil }
        return DamagedPages(
            failures: result.rows.reduce(0) { $0 + ($1[2].flatMap { Int($0) } ?? 0) },
            databases: Array(result.rows.compactMap { $0[1] }.prefix(DamagedPages.maximumCount)))
    }
}
