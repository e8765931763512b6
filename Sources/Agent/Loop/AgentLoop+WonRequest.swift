import ClusterRecords
import ClusterStore
import HighAvailability
import Logging

extension AgentLoop {
    /// Takes off the request this member was elected with, and tells what became of it. Clients are served already.
    func reportWonRequest() async {
        guard let won = requests.won else { return }
        requests.won = nil
        let request = won.request
        // Another leader that was named, and has gone, is none of this member's business; decide(_:) refuses such a request.
        guard request.candidate != nil || request.leader == won.former else { return }
        let isAsAsked = request.candidate == nil || request.candidate == me
        let reason =
            isAsAsked
            ? won.loss ?? "failed over"
            : "\(me) was elected instead of \(request.candidate ?? ""), which could not lead"
        await finish(
            request,
            SwitchoverResult(
                requestID: request.requestID, succeeded: isAsAsked, from: won.former, to: me, reason: reason,
                loss: won.loss))
    }
}
