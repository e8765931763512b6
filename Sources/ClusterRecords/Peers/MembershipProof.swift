/// What shows that a question comes from a member of the cluster: the header ``PeerHeader/proof``,
/// `<challenge>.<nonce>.<digest>`.
///
/// Members share the password of the replication role; whoever knows it is one. The digest is a keyed one over the question, so
/// the password is never sent. The challenge is a word of the one who is asked, who changes it often, and the nonce is used once
/// under it: a question somebody has overheard proves nothing a second time, whatever two clocks say.
public struct MembershipProof: Hashable, Sendable, LosslessStringConvertible {
    /// What the one who is asked told last in ``PeerHeader/challenge``.
    public var challenge: String
    /// Of this question alone.
    public var nonce: String
    /// HMAC-SHA-256 over ``message(method:target:body:challenge:nonce:)``, in lower-case hexadecimal digits.
    public var digest: String

    public init(challenge: String, nonce: String, digest: String) {
        self.challenge = challenge
        self.nonce = nonce
        self.digest = digest
    }

    public init?(_ description: String) {
        let parts = description.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, parts.allSatisfy({ 1...Self.longestPart ~= $0.utf8.count }) else { return nil }
        self.init(challenge: parts[0], nonce: parts[1], digest: parts[2])
    }

    public var description: String { "\(challenge).\(nonce).\(digest)" }

    private static let longestPart = 128

    /// What the digest is over. No two questions have the same one.
    ///
    /// - Parameters:
    ///   - method: in capital letters.
    ///   - target: path and query, as they are sent.
    public static func message(
        method: String, target: String, body: String, challenge: String, nonce: String
    ) -> [UInt8] {
        [method, target, body, challenge, nonce].flatMap { Array("\($0.utf8.count):\($0)".utf8) }
    }

    /// What the members' key is derived for from their password, so that it proves nothing in another cluster, or elsewhere.
    public static func purpose(in scope: Scope) -> String {
        "membership 1 \(scope.namespace)/\(scope.cluster)"
    }
}
