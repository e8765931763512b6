public import Units

/// The server a standby receives WAL from, or is copied or rewound from.
public struct Upstream: Hashable, Sendable {
    /// The member's name, for messages.
    public let member: String
    /// Address or name.
    public let host: String
    public let port: Int
    /// The slot the upstream keeps for us; nil streams without one.
    public let slot: SlotName?
    /// Of another cluster, whose rules for logging in are its own.
    public let isRemote: Bool

    public init(member: String, host: String, port: Int, slot: SlotName?, isRemote: Bool = false) {
        self.member = member
        self.host = host
        self.port = port
        self.slot = slot
        self.isRemote = isRemote
    }
}

/// What a server is configured as.
public enum ServerRole: Hashable, Sendable {
    case primary
    /// In recovery; without an upstream it replays what it has and waits.
    case standby(upstream: Upstream?)
}
