import ClusterRecords
import ClusterStore
import HighAvailability

extension AgentLoop {
    /// Has somebody told what happened; waits for nothing.
    func tell(_ call: CallbackCall?) {
        guard let call else { return }
        callbacks.tell(call, limit: file.callbackLimit)
    }

    /// The last there is to tell: this server is stopped and not started again by this agent.
    func tellStop() { tell(told.story.stop(epoch: epoch)) }

    /// The settings have changed and a running server has read them.
    func tellReload() { tell(told.story.reload(epoch: epoch)) }

    private var epoch: Int64 { watch.view()?.lock?.epoch ?? 0 }
}
