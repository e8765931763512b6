public import Units

/// What keeps a promotion from its end, looked at again and again until it is there.
///
/// A server ends its recovery when it has replayed all it has. Replay may wait for a transaction that reads on the standby, by
/// `max_standby_streaming_delay` for ever; as long as nobody can write, that is worth less than the writes of everybody.
public struct PromotionWatch: Hashable, Sendable {
    /// So long altogether the transactions of a standby may hold its promotion up.
    ///
    /// What is about to end does so by itself; more than this would double what an election costs.
    public static let patience: Duration = .seconds(1)

    /// A startup process that waits for a snapshot sleeps so long before it looks again.
    public static let repetition: Duration = .seconds(1)

    /// What to do about what was seen.
    public enum Step: Hashable, Sendable {
        case wait
        /// Replay has waited for transactions for long enough: end them.
        case endTransactions
    }

    private enum State: Hashable, Sendable {
        case free
        /// Replay waits for a transaction, at this position and since then.
        case held(at: LSN, since: BootInstant)
        /// As above; the transactions of that moment were ended last then.
        case ended(at: LSN, last: BootInstant)
    }

    private var state = State.free
    /// What is left of ``patience``.
    private var left = patience

    public init() {}

    /// - Parameters:
    ///   - replayed: how far replay is.
    ///   - waitsForTransaction: it waits for a transaction of this server.
    public mutating func look(replayed: LSN, waitsForTransaction: Bool, at now: BootInstant) -> Step {
        guard waitsForTransaction else {
            leave(at: now)
            return .wait
        }
        // It has gone on meanwhile, and waits for something else.
        if position != replayed { leave(at: now) }
        switch state {
        case .free:
            state = .held(at: replayed, since: now)
            guard left == .zero else { return .wait }
        case .held(_, let since):
            guard now - since >= left else { return .wait }
        case .ended(_, let last):
            guard now - last >= Self.repetition else { return .wait }
        }
        left = .zero
        state = .ended(at: replayed, last: now)
        return .endTransactions
    }

    private var position: LSN? {
        switch state {
        case .free: nil
        case .held(let position, _), .ended(let position, _): position
        }
    }

    private mutating func leave(at now: BootInstant) {
        if case .held(_, let since) = state { left = max(.zero, left - (now - since)) }
        state = .free
    }
}
