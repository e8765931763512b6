public import Units

/// What a promotion may have cost, as far as the new leader can tell.
public struct FailoverLoss: Hashable, Sendable {
    public enum Verdict: String, Hashable, Sendable, CaseIterable {
        /// The former leader had stopped in order, and the new one has its last record.
        case complete
        /// The election was bound by the record of the synchronous standbys: every commit that waited for them is there.
        case confirmed
        /// Nothing vouches for what the former leader wrote last.
        case possible
    }

    public var verdict: Verdict
    /// The new leader.
    public var member: String
    /// The former leader, as the lock named it; nil when the lock had been let go or did not exist.
    public var former: String?
    /// The timeline that ended.
    public var timeline: Timeline
    /// Where the new timeline begins; everything before is there.
    public var start: LSN
    /// The last position the former leader published. What it wrote after that nobody knows before it comes back.
    public var published: LSN?

    public init(
        verdict: Verdict, member: String, former: String?, timeline: Timeline, start: LSN, published: LSN?
    ) {
        self.verdict = verdict
        self.member = member
        self.former = former
        self.timeline = timeline
        self.start = start
        self.published = published
    }
}

/// The lock as a new leader found it, and what its election rested on.
public struct TakenLock: Hashable, Sendable {
    /// The free lock it was taken over; nil when there was none.
    public var former: LockRecord?
    /// Every commit that waited for synchronous standbys is on this member, by the record it was elected on.
    public var isVouchedFor: Bool

    public init(former: LockRecord?, isVouchedFor: Bool) {
        self.former = former
        self.isVouchedFor = isVouchedFor
    }
}

/// Judges what a promotion may have cost.
///
/// An heir is named only by a leader whose server was shut down in order and whose position is that shutdown checkpoint's:
/// whoever goes on behind it has everything. A lock that was let go without an heir says less, because its position may be
/// one of a server that was killed.
///
/// - Parameters:
///   - taken: nil when it is not known on what this member was elected.
///   - start: where the new timeline begins.
public func judgeLoss(of taken: TakenLock?, by me: String, timeline: Timeline, start: LSN) -> FailoverLoss {
    let former = taken?.former
    var loss = FailoverLoss(
        verdict: .possible, member: me, former: former?.leader == me ? nil : former?.leader, timeline: timeline,
        start: start, published: former?.position)
    if former?.leader == nil, former?.heir == me, let checkpoint = former?.position, checkpoint < start {
        loss.verdict = .complete
    } else if taken?.isVouchedFor == true {
        loss.verdict = .confirmed
    }
    return loss
}
