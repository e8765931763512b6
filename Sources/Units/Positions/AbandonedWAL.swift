/// WAL a member has and its cluster has left behind: from where the leader's course parted from the member's to the end.
///
/// Known exactly before the member is rewound or copied anew, and gone afterwards.
public struct AbandonedWAL: Hashable, Sendable {
    /// The member's timeline; the WAL may begin on an earlier one.
    public var timeline: Timeline
    /// The first position the leader's history does not have.
    public var start: LSN
    /// A stopped primary: where its last shutdown checkpoint begins; of one that crashed, behind the checkpoint of its
    /// recovery, about 120 bytes more than it had written. A standby: the end of the last record it has.
    public var end: LSN
    /// Transactions that committed in it, those of background processes included; nil when they could not be counted.
    public var commits: Int?

    public init(timeline: Timeline, start: LSN, end: LSN, commits: Int? = nil) {
        self.timeline = timeline
        self.start = start
        self.end = end
        self.commits = commits
    }

    public var size: ByteCount { end.bytes(since: start) }
}
