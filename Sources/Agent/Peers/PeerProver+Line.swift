import AgentShell
import HTTPTransport

extension PeerProver: PeerLine {
    func ask(_ question: PeerQuestion, beside apiURL: String, within limit: Duration) async throws -> PeerResponse? {
        let method: HTTPRequest.Method =
            switch question.method {
            case .get: .get
            case .post: .post
            }
        let response = try await send(
            method, question.path, query: question.query, body: question.body, beside: apiURL, within: limit)
        return response.map { PeerResponse(status: $0.status, headers: $0.head.headers, body: $0.body) }
    }
}
