public import Units

/// How far a server in recovery is, and what its replay waits for.
public struct RecoveryStatus: Hashable, Sendable {
    /// What replay waits for, by the startup process's own word.
    public enum Wait: String, Hashable, Sendable {
        /// A transaction of this server: it holds a lock, a snapshot or a page that the next record is in conflict with.
        case transaction
        /// `restore_command`, which was asked for a file and has not ended.
        case restoreCommand
        /// Nothing that is known to last.
        case nothing
    }

    public let isInRecovery: Bool
    public let replayed: LSN
    /// Of what was received; 0 when all of it is replayed.
    public let left: ByteCount
    public let wait: Wait

    public init(isInRecovery: Bool, replayed: LSN, left: ByteCount, wait: Wait) {
        self.isInRecovery = isInRecovery
        self.replayed = replayed
        self.left = left
        self.wait = wait
    }
}
