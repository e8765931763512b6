import ClusterStore
import HighAvailability
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    /// Looks whether the leader's server has room for the members there are to be.
    ///
    /// What it lacks it gets with the restart that is pending; until then this says why a member may wait.
    func noteShortage(_ view: ClusterView) async {
        // What runs now may replace the server.
        guard activity == nil else { return }
        guard let instances = view.configuration.instances, instance.runningPostmaster != nil,
            watch.standing(ttl: view.configuration.timings.ttl).isMine
        else {
            settingsKeeping.shortage = nil
            return
        }
        settingsKeeping.shortage = ReplicationSize.shortage(
            running: await instance.runningCommandLine, instances: instances)
    }
}
