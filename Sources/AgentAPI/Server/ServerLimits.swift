/// What a client may take of a ``StatusServer``.
public struct ServerLimits: Hashable, Sendable {
    /// Connections at once. One more closes the one that has waited longest without a request under way.
    public var connections = 128
    /// From the beginning of a connection to the end of the head of its first request, and from a request's head to its end.
    public var patience = Duration.seconds(5)
    /// Of a connection between two requests.
    public var idleTime = Duration.seconds(60)
    /// Of a request's head, in bytes.
    public var head = 16 << 10
    /// Of a request's body, in bytes.
    public var body = 16 << 10

    public init() {}
}
