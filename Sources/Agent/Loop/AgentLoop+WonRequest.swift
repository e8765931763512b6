import ClusterRecords
import ClusterStore
import HighAvailability
import Logging

extension AgentLoop {
    /// Takes off the request this member was elected with, and tells what became of it. Clients are served already.
    func reportWonRequest() async {
        guard let won = requests.won else { return }
        requests.won = nil
        guard let outcome = won.outcome(for: me) else { return }
        await finish(
            won.request,
            SwitchoverResult(
                requestID: won.request.requestID, succeeded: outcome.succeeded, from: won.former, to: me,
                reason: outcome.reason, loss: won.loss))
    }
}
