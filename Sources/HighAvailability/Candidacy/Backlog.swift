public import Units

/// WAL that a member has and has not replayed yet.
///
/// A promotion ends when all of it is replayed, and nobody writes before: what is received decides who may lead, what is
/// replayed how soon it does.
public enum Backlog {
    /// Who has more than this left is no leader of a moment.
    ///
    /// One segment of WAL in its default size: it is replayed within about a second by what commonly runs a database, which is
    /// what an election costs anyway; and a standby that replays all the time is hardly ever further behind.
    public static let large = ByteCount.mebibytes(16)
}

extension PositionReport {
    /// What it has and has not replayed; nothing when it does not say.
    var backlog: ByteCount { replayed.map { position.bytes(since: $0) } ?? ByteCount(rawValue: 0) }
}
