/// What a ``LinkProxy`` does to the traffic that passes it.
public struct LinkConditions: Sendable, Hashable {
    /// How long each way takes. Nothing is lost, and what is on its way does not hold up what follows.
    public var latency: Duration = .zero
    /// Every connection is reset, and so is every new one.
    public var isRefusing = false
    /// Nothing gets through to the server; it does once this is false again, as after a short cut of a real network.
    public var holdsRequests = false
    /// Nothing gets through to the client.
    public var holdsAnswers = false
    /// Requests that are not simply answered. Only where the proxy sees plain HTTP.
    public var misfortune: Misfortune?

    public init() {}

    /// A share of requests that ends badly, drawn anew for each.
    public struct Misfortune: Sendable, Hashable {
        public enum Ending: Sendable, Hashable {
            /// The server never sees it; this status is answered in its stead.
            case status(Int)
            /// The server has done it, and its answer is lost with the connection.
            case answerLost
        }

        /// From 0 to 1.
        public var share: Double
        /// Each as likely as the others.
        public var endings: [Ending]

        public init(share: Double, endings: [Ending]) {
            self.share = share
            self.endings = endings
        }
    }
}
