extension PostgresInstance {
    /// The data is a standby's whatever pg_control says: it is marked as one, or a copy nobody has started yet.
    public nonisolated var isMarkedStandby: Bool { data.isMarkedStandby || isUnstartedCopy }

    /// A base backup before its first start; pg_control still says what it said on the server it was copied from.
    public nonisolated var isUnstartedCopy: Bool { FileSystem.exists(data.file("backup_label")) }
}
