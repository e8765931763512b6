import AgentAPI
import AgentShell
import ClusterRecords
import KubernetesModels

extension FailsafeResponder {
    func respond(to body: String) -> StatusResponse {
        guard let json = try? JSONValue(parsing: body), let message = FailsafeMessage(json: json),
            let reply = reply(to: message)
        else {
            // Neither Patroni's request nor ours.
            return .text("no failsafe request\n", status: 400)
        }
        return StatusResponse(
            status: reply.status, contentType: reply.body.isEmpty ? nil : "text/plain", body: reply.body,
            headers: reply.headers)
    }
}
