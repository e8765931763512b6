import ClusterStore
import HighAvailability
import Units

extension AgentLoop {
    /// Starts the watchdog of a member that leads or is about to, and ends that of one that neither does nor still runs a
    /// primary.
    ///
    /// - Returns: whether this member holds the lock and must not lead.
    func keepWatchdog(_ view: ClusterView) -> Bool {
        let timings = view.configuration.timings
        if view.configuration.isPaused {
            watchdog.disable()
            return false
        }
        switch activity?.kind {
        // Its server is being stopped: whoever stops it ends the countdown after that.
        case .handingOver, .stopping, .demoting, .demotingCluster, .restarting: return false
        case .bootstrapping, .cloning, .startingPrimary, .startingStandby, .promoting, .recovering, .rejoining, .racing,
            .restartingPrimary, .restartingStandby, nil:
            break
        }
        // A standby leader takes no writes.
        let isStandbyLeader = if case .standby = server { view.configuration.standbyCluster != nil } else { false }
        if !isStandbyLeader, watch.standing(ttl: timings.ttl).isMine { return !watchdog.activate(timings) }
        switch server {
        case .noData, .unusable, .damaged, .stopped, .standby: if activity == nil { watchdog.disable() }
        case .starting, .primary, .unresponsive: break
        }
        return false
    }
}
