package import ClusterRecords

/// The way to the agents of other members.
package protocol PeerLine: Sendable {
    /// Asks, and proves where that is asked for that a member asks.
    ///
    /// - Parameters:
    ///   - apiURL: what the member publishes.
    ///   - limit: for all of it.
    /// - Returns: nil for a URL no agent publishes.
    /// - Throws: when nobody has answered in time.
    func ask(_ question: PeerQuestion, beside apiURL: String, within limit: Duration) async throws -> PeerResponse?
}

/// What one agent asks of another.
package struct PeerQuestion: Hashable, Sendable {
    package enum Method: Hashable, Sendable {
        case get
        case post
    }

    package var method: Method
    package var path: PeerPath
    /// Without the question mark.
    package var query: String?
    package var body: String

    package init(_ method: Method, _ path: PeerPath, query: String? = nil, body: String = "") {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
    }
}

/// What it was answered.
package struct PeerResponse: Hashable, Sendable {
    package var status: Int
    /// By lower-case name.
    package var headers: [String: String]
    package var body: [UInt8]

    package init(status: Int, headers: [String: String], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}
