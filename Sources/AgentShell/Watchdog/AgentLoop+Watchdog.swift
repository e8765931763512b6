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
        let step = judgeWatchdog(
            server, activity: activity?.kind, isMine: watch.standing(ttl: timings.ttl).isMine,
            isPaused: view.configuration.isPaused, isStandbyCluster: view.configuration.standbyCluster != nil)
        switch step {
        case .activate: return !watchdog.activate(timings)
        case .disable: watchdog.disable()
        case .rest: break
        }
        return false
    }
}
