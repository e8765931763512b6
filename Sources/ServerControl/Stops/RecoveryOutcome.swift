/// Whether crash recovery was needed.
public enum RecoveryOutcome: Hashable, Sendable {
    case recovered
    case notNeeded
    /// A base backup that was never started: recovery belongs to a normal start (PostgreSQL 15 and later).
    case skippedForBackupLabel
}
