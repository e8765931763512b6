public import Units

/// What a look at a leader's server says of its ``PrimaryOutage``.
public enum OutageLook: Hashable, Sendable {
    /// There is none, or it is over.
    case none
    /// Another action is under way, and says by itself what comes of it.
    case unchanged
    /// The server is a primary again, and has to last.
    case answering(PrimaryOutage)
    /// The server is none.
    case missing(PrimaryOutage)
}

/// Keeps account of how long a leader has been without a primary.
///
/// - Parameters:
///   - outage: as it was kept until now.
///   - activity: an action of this member. What is seen of a promotion is noted while it is under way.
///   - silentSince: when the server first failed to answer, though it is not given up yet; nil while it answers.
///   - volumeStuckSince: since when the volume takes no writes, when that is too long; nil of any other.
public func lookAtOutage(
    _ outage: PrimaryOutage?, _ server: ServerState, activity: Activity?, silentSince: BootInstant?,
    volumeStuckSince: BootInstant? = nil, at now: BootInstant, _ timings: Timings
) -> OutageLook {
    var current = outage ?? PrimaryOutage(since: silentSince ?? volumeStuckSince ?? now)
    current.noteVolume(stuckSince: volumeStuckSince)
    switch (activity, server) {
    case (.startingPrimary?, _), (.promoting?, .standby): break
    case (nil, .starting): current.noteStart()
    case (nil, .unresponsive): current.noteSilence()
    case (nil, .stopped(let stopped)) where stopped.wasPrimary: current.noteEnd(isClean: stopped.isClean, at: now)
    // Elected, and not promoted yet.
    case (nil, .stopped), (nil, .standby): current.noteStart()
    case (nil, .primary) where volumeStuckSince != nil: break
    case (nil, .primary):
        guard outage != nil else { return .none }
        // What is silent for the moment has not answered; it is soon told from what does not answer any more.
        if silentSince == nil {
            current.noteAnswer(at: now)
            if current.isOver(at: now, timings) { return .none }
        }
        return .answering(current)
    case (nil, .noData), (nil, .unusable), (nil, .damaged): return .none
    case (_?, _): return .unchanged
    }
    return .missing(current)
}

/// Whether a member has a primary to miss: it leads, goes on, and is neither paused nor a standby leader.
public func mayHaveOutage(isMine: Bool, isStopping: Bool, _ configuration: DynamicConfiguration) -> Bool {
    isMine && !isStopping && !configuration.isPaused && configuration.standbyCluster == nil
}

extension PrimaryOutage {
    /// Why another member should lead, if one can, by what this one's server is; nil: nobody is asked.
    public func reasonToAsk(_ server: ServerState, at now: BootInstant, _ configuration: DynamicConfiguration)
        -> String?
    {
        if case .standby = server { return reasonToEndPromotion(at: now, configuration) }
        return reasonToGiveWay(at: now, configuration)
    }

    /// How long the others have to answer. A member that gets next to no processor time takes seconds to hear what they said at
    /// once.
    public var timeToAnswer: Duration { isIll ? .seconds(3) : .seconds(1) }

    /// They are asked again after so long.
    public static let askAgain: Duration = .seconds(1)
}
