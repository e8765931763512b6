/// The table the writers fill.
///
/// It has no unique key on purpose: a row that arrives twice must be seen twice.
enum WriteTable {
    static let name = "public.lab_writes"

    static let create = """
        CREATE TABLE IF NOT EXISTS \(name) (
            run text NOT NULL,
            id bigint NOT NULL,
            at timestamptz NOT NULL DEFAULT clock_timestamp())
        """

    /// Answers with the server's address, the process that wrote and the timeline it wrote on. `pg_control_checkpoint()` would tell the timeline
    /// of the last checkpoint; the WAL file's name begins with the one in use.
    static let insert = """
        INSERT INTO \(name) (run, id) VALUES ($1, $2::bigint)
        RETURNING host(inet_server_addr()) AS server,
            substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) AS timeline,
            pg_backend_pid() AS backend
        """

    static let ids = "SELECT id FROM \(name) WHERE run = $1"
}
