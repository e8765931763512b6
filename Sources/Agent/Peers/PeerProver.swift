import ClusterRecords
import Crypto
import HTTPTransport
import Synchronization
import Units

/// Sends this member's questions to others, each with the proof that it comes from a member.
final class PeerProver: Sendable {
    /// More addresses than a cluster has members are those of Pods that are gone.
    private static let mostChallenges = 256

    private let transport: HTTPTransport
    private let keys: MembershipKeys
    private let clock: any AgentClock
    /// What each member told last, by its `api_url`.
    private let challenges = Mutex<[String: String]>([:])

    init(transport: HTTPTransport, keys: MembershipKeys, clock: any AgentClock) {
        self.transport = transport
        self.keys = keys
        self.clock = clock
    }

    /// Asks, and asks again with the challenge it is told: at first with this member's newest key, then with the one before,
    /// which is the other's for as long as a changed Secret has not reached it. A member of a former version answers at once.
    ///
    /// - Parameter limit: for all of it.
    /// - Throws: `HTTPTransportError`.
    func send(
        _ method: HTTPRequest.Method, _ path: PeerPath, query: String? = nil, body: String = "",
        beside apiURL: String, within limit: Duration
    ) async throws(HTTPTransportError) -> HTTPResponse? {
        guard let url = path.url(beside: apiURL, query: query) else { return nil }
        let end = clock.now + limit
        let keys = keys.all()
        var request = HTTPRequest(method: method, url: url)
        if !body.isEmpty {
            request.headers = [("content-type", "application/json")]
            request.body = Array(body.utf8)
        }
        let plainHeaders = request.headers
        let known = challenges.withLock { $0[apiURL] }
        var attempts: [SymmetricKey?] =
            (known == nil ? [nil] : keys.prefix(1).map(Optional.some)) + keys.map(Optional.some)
        if attempts.isEmpty { attempts = [nil] }
        var response: HTTPResponse?
        for key in attempts {
            request.headers = plainHeaders
            if let key, let challenge = challenges.withLock({ $0[apiURL] }) {
                let proof = MembershipProof(
                    of: method.rawValue, path.target(query: query), body: body, challenge: challenge,
                    nonce: PeerNonce.draw(), key: key)
                request.headers.append((PeerHeader.proof, proof.description))
            }
            let answer = try await transport.send(request, deadline: max(end - clock.now, .milliseconds(1)))
            response = answer
            guard answer.status == 403, let challenge = answer.head.headers[PeerHeader.challenge] else { break }
            remember(challenge, of: apiURL)
        }
        return response
    }

    private func remember(_ challenge: String, of apiURL: String) {
        challenges.withLock { challenges in
            if challenges.count >= Self.mostChallenges, challenges[apiURL] == nil { challenges = [:] }
            challenges[apiURL] = challenge
        }
    }
}
