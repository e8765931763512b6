import Units

/// `POST /failsafe`: a leader that cannot reach the store asks a member to go on following it.
public struct FailsafeRequest: Hashable, Sendable {
    /// Name of the leader that asks.
    public var leader: String
    /// What only a Matriarch leader tells; nil from Patroni.
    public var claim: Claim?

    public struct Claim: Hashable, Sendable {
        public var identity: HolderIdentity
        public var epoch: Int64
        /// How long the promise is to hold, from when the request is received.
        public var ttl: Duration
        /// Whom the leader means: an address may have passed to another Pod.
        public var member: String
        public var podUID: String

        public init(identity: HolderIdentity, epoch: Int64, ttl: Duration, member: String, podUID: String) {
            self.identity = identity
            self.epoch = epoch
            self.ttl = ttl
            self.member = member
            self.podUID = podUID
        }
    }

    public init(leader: String, claim: Claim? = nil) {
        self.leader = leader
        self.claim = claim
    }

    /// No lock of this project lives longer; a longer promise would be somebody's mistake.
    public static let longestPromise = Duration.seconds(3600)
}

/// What a member says to that.
public enum FailsafeAnswer: Hashable, Sendable {
    case accepted
    case runningAsLeader
    case refused(String)
}
