public import Units

/// What one look at a server with a postmaster has shown, as far as its health goes.
public enum ServerLook: Hashable, Sendable, CaseIterable {
    /// It answers, and lets new sessions in.
    case accepting
    /// It has no room for another session: full, not ill.
    case full
    /// It is there and says no: a lock in the way of the look or of a login, a database or a role that is not let in.
    case refusing
    /// It refuses everybody, the agent too, for a fault of its own: a file it cannot read.
    case failing
    /// It says that it lets nobody in yet, as one does that starts or recovers from a crash of its own.
    case comingUp
    /// As above, and this member has just started it, or somebody has by hand.
    case comingUpAsAwaited
    /// It answers nobody, or nobody but the sessions it had: as a stopped postmaster does.
    case silent
}

/// Whether the lock may be renewed for the sake of this member's server, and when the server counts as dead.
///
/// A lock that is renewed for a server nobody can use keeps everybody else from leading. So it is renewed for two loops after
/// the server was last seen well, and for as long as an action that brings it up or down may take
/// (``Activity/patience(_:)``); after that the lock runs out by itself, whatever the agent is busy with.
public enum ServerHealth {
    /// Until when the lock may be renewed after a look.
    ///
    /// - Parameter former: until when it could be before.
    public static func renewable(
        until former: BootInstant, after look: ServerLook, at now: BootInstant, _ timings: Timings
    ) -> BootInstant {
        switch look {
        case .accepting, .full, .refusing: now + grace(timings)
        // A start of which nobody knows is given no time of its own, and an awaited one takes none away.
        case .comingUpAsAwaited: max(former, now + grace(timings))
        case .comingUp, .silent, .failing: former
        }
    }

    /// Until when it may be renewed while an action is under way.
    public static func renewable(
        until former: BootInstant, during activity: Activity, from start: BootInstant, _ timings: Timings
    ) -> BootInstant {
        max(former, start + activity.patience(timings))
    }

    /// Until when it may be renewed after an action: patience ends with it, and the server has to show that it is well.
    public static func renewable(afterActivityAt now: BootInstant, _ timings: Timings) -> BootInstant {
        now + grace(timings)
    }

    /// Whether a server that does not answer counts as dead.
    ///
    /// - Parameter since: when it first failed to answer; nil: it answers.
    public static func isSilentForTooLong(since: BootInstant?, at now: BootInstant, _ timings: Timings) -> Bool {
        guard let since else { return false }
        return now - since >= min(timings.retryTimeout, longestSilence)
    }

    /// Whether one that refuses everybody counts as dead.
    ///
    /// It answers, so there is no hurry: what is wrong may pass, as a disk does that comes back.
    ///
    /// - Parameter since: when it was first seen to; nil: somebody is let in.
    public static func isFailingForTooLong(since: BootInstant?, at now: BootInstant, _ timings: Timings) -> Bool {
        guard let since else { return false }
        return now - since >= timings.retryTimeout
    }

    /// Whether a volume hangs: what it has not written after so long it may not write at all.
    ///
    /// A member whose volume hangs is nobody's successor; a leader's is succeeded after ``PrimaryOutage`` has had its time.
    ///
    /// - Parameter since: when the write began that has not returned, or was refused first; nil: it takes them.
    public static func isVolumeStuck(since: BootInstant?, at now: BootInstant, _ timings: Timings) -> Bool {
        guard let since else { return false }
        return now - since >= timings.retryTimeout
    }

    /// How long no new session is tried after one did not come about for a lock. Each leaves a process of the server that waits
    /// on, for the minute of `authentication_timeout`, and takes one of the sessions there may be.
    public static let pauseBehindLock: Duration = .seconds(10)

    /// However long a request to the store may take, a silence is death after so long.
    static let longestSilence: Duration = .seconds(3)

    private static func grace(_ timings: Timings) -> Duration { timings.loopWait * 2 }
}
