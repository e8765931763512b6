public import Units

/// The moment at which somebody was seen to hold the lock who had not held it before.
///
/// It was so a little earlier: the lock is asked for every few milliseconds.
public struct EpochSighting: Hashable, Sendable {
    public let epoch: Int64
    /// The member's name.
    public let holder: String
    /// Where the holder's PostgreSQL is, as ``WriteRecord/server`` tells it.
    public let server: String
    /// The timeline the holder *before* led on: all it wrote is on this one, all the new holder writes is on a later one.
    public let timelineBefore: Timeline?
    public let seen: BootInstant

    public init(epoch: Int64, holder: String, server: String, timelineBefore: Timeline?, seen: BootInstant) {
        self.epoch = epoch
        self.holder = holder
        self.server = server
        self.timelineBefore = timelineBefore
        self.seen = seen
    }

    /// How late a sighting may be.
    private static let delay = Duration.seconds(1)

    /// Whether a commit must not have been acknowledged, because another than its server already held the lock (G1).
    ///
    /// A commit on a later timeline belongs to a later holder, whose own sighting may still be on its way. A server that
    /// held the lock again by then may go on with its old timeline.
    func forbids(_ record: WriteRecord, among epochs: [EpochSighting]) -> Bool {
        guard record.decided > seen, record.server != server, let timelineBefore, let timeline = record.timeline,
            timeline <= timelineBefore
        else { return false }
        return !epochs.contains {
            $0.epoch > epoch && $0.server == record.server && $0.seen < record.decided + Self.delay
        }
    }
}
