/// The paths on which agents answer each other.
public enum PeerPath: String, Hashable, Sendable, CaseIterable {
    /// GET: the member itself, as Patroni describes it. A member's `api_url` ends with it.
    case member = "/patroni"
    /// GET: a ``PositionAnswer``, or 503 when the member cannot tell.
    case position = "/matriarch/position"
    /// POST with a query: a ``PositionAnswer`` with the promise or its refusal; see ``Seal``.
    case seal = "/matriarch/seal"
    /// GET: the last ``DecisionRecord``s of this member.
    case decisions = "/matriarch/decisions"
    /// POST: a ``FailsafeMessage``, answered by a ``FailsafeReply``. GET: whom the leader would ask.
    case failsafe = "/failsafe"

    /// Only members are answered, for this measures or changes something; see ``MembershipProof``.
    public var isForMembers: Bool {
        switch self {
        case .member, .decisions: false
        case .position, .seal, .failsafe: true
        }
    }

    /// What a request line has for it.
    ///
    /// - Parameter query: without the question mark.
    public func target(query: String? = nil) -> String { rawValue + (query.map { "?\($0)" } ?? "") }

    /// This path of the member that publishes `apiURL`; nil for a URL no agent publishes.
    ///
    /// - Parameter query: without the question mark.
    public func url(beside apiURL: String, query: String? = nil) -> String? {
        guard apiURL.hasSuffix(Self.member.rawValue) else { return nil }
        return apiURL.dropLast(Self.member.rawValue.count) + target(query: query)
    }
}

/// Headers of the agents' questions to each other and of the answers; in lower case.
public enum PeerHeader {
    /// Of a question: a ``MembershipProof``.
    public static let proof = "matriarch-proof"
    /// Of a refusal for want of one: what the next is to be made with.
    public static let challenge = "matriarch-challenge"
    /// Of an acceptance: which Pod promised, `<name>/<UID>`.
    public static let member = "matriarch-member"
    /// Of a refusal: what this member has seen in the lock, as ``Reign`` describes itself.
    public static let reign = "matriarch-reign"
    /// Of an acceptance, Patroni's: what the member has, a decimal number.
    public static let position = "lsn"
}
