/// What is done about the watchdog in a cycle.
public enum WatchdogStep: Hashable, Sendable {
    /// Start it, or go on with it: who cannot must not lead.
    case activate
    /// End it.
    case disable
    /// Leave it as it is.
    case rest
}

/// Judges whether the machine is to be reset when this member does not go on: while it leads a primary, or is about to, and for
/// as long as one may still run without a lock.
///
/// - Parameters:
///   - activity: of an action that stops the server, whoever stops it ends the countdown after that.
///   - isMine: this member holds the lock.
///   - isStandbyCluster: a standby leader takes no writes, and needs no watchdog.
public func judgeWatchdog(
    _ server: ServerState, activity: Activity?, isMine: Bool, isPaused: Bool, isStandbyCluster: Bool
) -> WatchdogStep {
    if isPaused { return .disable }
    switch activity {
    case .handingOver, .stopping, .demoting, .demotingCluster, .restarting: return .rest
    case .bootstrapping, .cloning, .reinitializing, .startingPrimary, .startingStandby, .promoting, .recovering,
        .rejoining, .racing, .restartingPrimary, .restartingStandby, nil:
        break
    }
    switch server {
    case .standby:
        if isMine, !isStandbyCluster { return .activate }
        return activity == nil ? .disable : .rest
    case .noData, .unusable, .damaged, .stopped:
        if isMine { return .activate }
        return activity == nil ? .disable : .rest
    case .starting, .primary, .unresponsive:
        return isMine ? .activate : .rest
    }
}
