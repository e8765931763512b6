public import PostgresConfiguration

/// What stands in the data directory.
public enum DataDirectoryState: Hashable, Sendable {
    case absent
    /// Nothing but dot-files and `lost+found`.
    case empty
    case initialized(ControlData, ServerVersion)
    /// An operation of ours did not finish: `initdb`, `pg_basebackup`, `pg_rewind`. Not to be started.
    case incomplete(operation: String)
    /// Something is there that is no data directory we can read; it is never touched.
    case unreadable(reason: String)
}
