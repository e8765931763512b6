public import Units

/// Tells the others that this member is at work although it streams from nobody: what it has to receive afterwards is kept for
/// it.
///
/// What a member says of itself in the store does not change while pg_rewind or a recovery runs for an hour, and looks like
/// what one says for ever whose node has died. Only what goes on counts: one action that lasts, one server that starts, WAL
/// that is replayed. A member that waits, or whose action fails again and again, within moments or after hours, is not at work:
/// nobody keeps WAL for it without an end.
public struct WorkKeeping: Hashable, Sendable {
    public enum Work: Hashable, Sendable {
        /// By its number.
        case action(Int)
        /// By its process.
        case starting(Int32)
        /// A standby that receives nothing, and how far it is.
        case replaying(LSN)
    }

    private struct Lasting: Hashable {
        var work: Work
        /// Of the last beat, or of the beginning.
        var at: BootInstant
        var isTold = false
    }

    private struct Replay: Hashable {
        /// Of the last beat, or of the beginning.
        var told: LSN
        var at: BootInstant
        /// At the last look.
        var seen: LSN
    }

    /// So often an action that was told may come to nothing and the next one is told all the same: its source was restarted.
    static let forgivenFailures = 1

    private var lasting: Lasting?
    /// An action of a moment does not end it.
    private var replay: Replay?
    /// Actions in a row that were told and came to nothing.
    private var failures = 0
    /// What is published of it.
    public private(set) var count = 0

    public init() {}

    /// - Parameters:
    ///   - work: what the member does now; nil: nothing that lasts, or it streams.
    ///   - retention: of the slots; it is told often enough for that. Zero: nothing is kept for anybody, and nothing told.
    public mutating func look(at work: Work?, now: BootInstant, retention: Duration) {
        guard let work, retention > .zero else { return (lasting, replay) = (nil, nil) }
        // Each beat is a write to the store.
        let pause = max(retention / 4, .seconds(1))
        switch work {
        case .action, .starting:
            guard let mark = lasting, mark.work == work else { return lasting = Lasting(work: work, at: now) }
            guard now - mark.at >= pause, failures <= Self.forgivenFailures else { return }
            lasting = Lasting(work: work, at: now, isTold: true)
        case .replaying(let position):
            lasting = nil
            // Further back it begins anew: a server that ends while it replays comes no further.
            guard let mark = replay, mark.seen <= position else {
                return replay = Replay(told: position, at: now, seen: position)
            }
            replay?.seen = position
            guard now - mark.at >= pause, mark.told < position else { return }
            replay = Replay(told: position, at: now, seen: position)
        }
        count &+= 1
    }

    /// An action has ended. One that succeeds ends the row of those that failed.
    public mutating func noteEnd(ofAction number: Int, hasFailed: Bool) {
        guard hasFailed else { return failures = 0 }
        guard let lasting, lasting.work == .action(number), lasting.isTold else { return }
        failures += 1
    }
}
