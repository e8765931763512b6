import AgentShell
import ClusterRecords
import HighAvailability
import KubernetesModels

/// The way to the other agents over a modelled network; who they are is not asked.
struct WorldPeers: PeerLine, @unchecked Sendable {
    private unowned let life: AgentLife

    init(_ life: AgentLife) { self.life = life }

    /// Nobody has answered in time.
    private struct Silence: Error {}

    func ask(_ question: PeerQuestion, beside apiURL: String, within limit: Duration) async throws -> PeerResponse? {
        let world = life.world
        guard let target = world.pod(publishing: apiURL) else { return nil }
        let (asker, node) = (life, target.node)
        return try await life.call { done in
            world.schedule(after: limit.microseconds, asker.owner) { done(.failure(Silence())) }
            world.schedule(after: world.hop(), target.agentOwner) {
                guard world.network.passes(asker.pod.node, node), let other = target.agent else { return }
                other.clock.start {
                    let response = await other.answer(question)
                    guard !other.isOver else { return }
                    other.world.schedule(after: other.world.hop(), asker.owner) {
                        guard other.world.network.passes(node, asker.pod.node) else { return }
                        done(.success(response))
                    }
                }
            }
        }
    }
}

extension World {
    /// Who answers at the address a member has published.
    func pod(publishing apiURL: String) -> Pod? {
        pods.first { apiURL.hasPrefix("http://\($0.address):") }
    }
}

extension AgentLife {
    /// As the REST interface answers.
    func answer(_ question: PeerQuestion) async -> PeerResponse {
        switch (question.method, question.path) {
        case (.get, .position): return response(await loop?.answerPosition())
        case (.post, .seal):
            let pairs = (question.query ?? "").split(separator: "&").map { $0.split(separator: "=") }
            let query = Dictionary(
                pairs.filter { $0.count == 2 }.map { (String($0[0]), String($0[1])) }, uniquingKeysWith: { $1 })
            guard let wanted = Seal(query: query) else { return PeerResponse(status: 400, headers: [:], body: []) }
            return response(await loop?.answerSeal(wanted))
        case (.post, .failsafe):
            guard let json = try? JSONValue(parsing: question.body), let message = FailsafeMessage(json: json),
                let reply = responder?.reply(to: message)
            else { return PeerResponse(status: 400, headers: [:], body: []) }
            if reply.status == 200 { world.checker.consents += 1 }
            return PeerResponse(status: reply.status, headers: reply.headers, body: Array(reply.body.utf8))
        case (.get, _), (.post, _): return PeerResponse(status: 404, headers: [:], body: [])
        }
    }

    private func response(_ answer: PositionAnswer?) -> PeerResponse {
        guard let answer else { return PeerResponse(status: 503, headers: [:], body: []) }
        return PeerResponse(status: 200, headers: [:], body: Array(answer.json.serialized().utf8))
    }
}
