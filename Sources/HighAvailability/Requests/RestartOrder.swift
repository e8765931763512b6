/// Somebody asks one member to restart its server in place.
///
/// The operator writes it into the store, for one member after the other; the member answers with a ``RestartReport``.
public struct RestartOrder: Codable, Hashable, Sendable {
    /// Of the request this is part of; reported back.
    public var id: String
    public var member: String
    /// Start time of the postmaster that is to be restarted, as the member published it; another one has been restarted
    /// already. nil: whichever runs.
    public var postmasterStartTime: String?
    /// Only when a setting waits for it.
    public var onlyPending: Bool
    /// Only in this role; nil: in any.
    public var role: MemberRole?

    public init(
        id: String, member: String, postmasterStartTime: String? = nil, onlyPending: Bool = false,
        role: MemberRole? = nil
    ) {
        self.id = id
        self.member = member
        self.postmasterStartTime = postmasterStartTime
        self.onlyPending = onlyPending
        self.role = role
    }
}

/// What became of a ``RestartOrder``, published by its member for as long as the order lies in the store.
public struct RestartReport: Codable, Hashable, Sendable {
    public enum Outcome: String, Codable, Hashable, Sendable {
        case succeeded
        /// Its conditions did not hold: nothing was done.
        case skipped
        case failed
    }

    public var id: String
    public var outcome: Outcome
    /// A sentence, Patroni's where it has one.
    public var reason: String

    public init(id: String, outcome: Outcome, reason: String) {
        self.id = id
        self.outcome = outcome
        self.reason = reason
    }
}
