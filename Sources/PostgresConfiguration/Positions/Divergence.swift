public import Units

/// Whether a server's history has parted from the one it is to follow (patroni.md §9).
public enum Divergence: Hashable, Sendable {
    /// It can stream as it is.
    case none
    /// It holds WAL the other does not have; only pg_rewind or a new copy helps.
    case needsRewind(reason: String)
    /// It holds WAL the other does not have, and pg_rewind, which compares timelines, cannot see it.
    case needsCopy(reason: String)
    /// Not to be told yet: the other was not reached, or this one stopped uncleanly.
    case unknown(reason: String)
}

/// How far a server's own history reaches.
public struct LocalHistoryEnd: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// A primary that was stopped cleanly: `position` is where its shutdown checkpoint begins.
        case shutdownCheckpoint
        /// A standby: `position` is the end of the last record it has.
        case received
    }

    public let timeline: Timeline
    public let position: LSN
    public let kind: Kind

    public init(timeline: Timeline, position: LSN, kind: Kind) {
        self.timeline = timeline
        self.position = position
        self.kind = kind
    }

    /// Of a stopped server; nil when it must be recovered before it can be told.
    public init?(of control: ControlData) {
        switch control.state {
        case .shutDown:
            self.init(timeline: control.timeline, position: control.checkpoint, kind: .shutdownCheckpoint)
        case .shutDownInRecovery, .inArchiveRecovery:
            guard control.minimumRecoveryEnd != .invalid else {
                self.init(timeline: control.timeline, position: control.checkpoint, kind: .received)
                return
            }
            self.init(
                timeline: control.minimumRecoveryTimeline, position: control.minimumRecoveryEnd, kind: .received)
        case .startingUp, .shuttingDown, .inCrashRecovery, .inProduction, .unrecognized:
            return nil
        }
    }

    /// What this server has and a primary's history has not.
    ///
    /// - Parameters:
    ///   - own: the history of this server's timeline.
    ///   - upstream, history: the primary's timeline and history.
    ///   - isBegunByAnother: another member is known to have begun this server's timeline on the primary's course.
    public func abandoned(
        own: TimelineHistory, upstream: Timeline, history: TimelineHistory, isBegunByAnother: Bool = false
    ) -> AbandonedWAL {
        var parting = LSN.invalid
        // Two primaries of one timeline have parted somewhere on it; where it began they were still one.
        let shared = own.switches.map(\.timeline) + (timeline == upstream || isBegunByAnother ? [] : [timeline])
        for common in shared {
            guard let theirs = common == upstream ? position : history.end(of: common) else { break }
            let ours = own.end(of: common)
            parting = min(theirs, ours ?? theirs)
            // The same number may have been begun twice: behind the first difference nothing is shared.
            if ours != theirs { break }
        }
        return AbandonedWAL(timeline: timeline, start: parting, end: max(parting, position))
    }

    /// Compares with the history of a primary, or of a standby.
    ///
    /// A shutdown checkpoint is contained in the other history if the switch lies behind its beginning, because switches
    /// lie on record boundaries and a clean shutdown writes nothing after it.
    ///
    /// - Parameter isInRecovery: the other one is a standby: what it has of this timeline this server's own may be.
    public func divergence(
        fromTimeline upstream: Timeline, history: TimelineHistory, isInRecovery: Bool = false
    ) -> Divergence {
        if timeline == upstream {
            guard kind == .shutdownCheckpoint, !isInRecovery else { return .none }
            // A timeline has one primary, and this server was one. Another primary on it has begun the same number somewhere
            // else: it took over before the store could be told of this one's promotion.
            return .needsCopy(reason: "this server was itself the primary of timeline \(timeline)")
        }
        if timeline > upstream {
            return .needsRewind(reason: "local timeline \(timeline) is ahead of the primary's \(upstream)")
        }
        guard let end = history.end(of: timeline) else {
            return .needsRewind(reason: "timeline \(timeline) is no ancestor of the primary's \(upstream)")
        }
        let isContained =
            switch kind {
            case .shutdownCheckpoint: end > position
            case .received: end >= position
            }
        return isContained
            ? .none
            : .needsRewind(
                reason: "timeline \(timeline) ended at \(end) in the primary's history, but local WAL reaches "
                    + "\(position)")
    }
}
