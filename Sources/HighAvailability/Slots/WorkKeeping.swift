public import Units

/// Tells the others that this member is at work although it streams from nobody: what it has to receive afterwards is kept for it.
///
/// What a member says of itself in the store does not change while pg_rewind or a recovery runs for an hour, and looks like what one
/// says for ever whose node has died. Only what goes on counts: one action that lasts, one server that starts, WAL that is replayed. A
/// member that fails again and again within moments, or waits, is not at work: nobody keeps WAL for it without an end.
public struct WorkKeeping: Hashable, Sendable {
    public enum Work: Hashable, Sendable {
        /// By its number.
        case action(Int)
        /// By its process.
        case starting(Int32)
        /// A standby that receives nothing, and how far it is.
        case replaying(LSN)
    }

    /// Of the last beat, or of the beginning.
    private var last: (work: Work, at: BootInstant)? {
        get { work.flatMap { work in since.map { (work, $0) } } }
        set { (work, since) = (newValue?.work, newValue?.at) }
    }
    private var work: Work?
    private var since: BootInstant?
    /// What is published of it.
    public private(set) var count = 0

    public init() {}

    /// - Parameters:
    ///   - work: what the member does now; nil: nothing that lasts, or it streams.
    ///   - retention: of the slots; it is told often enough for that.
    public mutating func look(at work: Work?, now: BootInstant, retention: Duration) {
        guard let work else { return last = nil }
        guard let former = last, isSame(former.work, work) else { return last = (work, now) }
        guard now - former.at >= retention / 4, hasGoneOn(former.work, work) else { return }
        count &+= 1
        last = (work, now)
    }

    private func isSame(_ former: Work, _ work: Work) -> Bool {
        switch (former, work) {
        case (.replaying, .replaying): true
        default: former == work
        }
    }

    private func hasGoneOn(_ former: Work, _ work: Work) -> Bool {
        if case .replaying = work { former != work } else { true }
    }
}
