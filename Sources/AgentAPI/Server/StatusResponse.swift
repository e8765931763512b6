/// What a small HTTP server asks and answers: no streaming, small request bodies.
public struct StatusRequest: Hashable, Sendable {
    public enum Method: Hashable, Sendable {
        case get
        /// HEAD and OPTIONS: only the status is wanted. HAProxy's plain check sends OPTIONS.
        case statusOnly
        case post
        /// Any other method that would change something.
        case other

        /// As agents send it; nil for what they do not.
        public var name: String? {
            switch self {
            case .get: "GET"
            case .post: "POST"
            case .statusOnly, .other: nil
            }
        }
    }

    public var method: Method
    /// Without the query, still percent-encoded.
    public var path: String
    /// The first value of each name.
    public var query: [String: String]
    /// Of a POST; empty for any other.
    public var body: String
    /// Path and query, as they were sent.
    public var target: String
    /// The header by which an agent proves that it is a member.
    public var proof: String?
    /// Who sent it; an IPv4 address as such, whatever the socket is of. nil when the socket does not tell.
    public var remoteAddress: String?

    public init(
        method: Method = .get, path: String, query: [String: String] = [:], body: String = "", target: String? = nil,
        proof: String? = nil, remoteAddress: String? = nil
    ) {
        self.target = target ?? path
        self.proof = proof
        self.remoteAddress = remoteAddress
        self.method = method
        self.path = path
        self.query = query
        self.body = body
    }
}

/// An answer held in memory.
public struct StatusResponse: Hashable, Sendable {
    public var status: Int
    /// Nil with an empty body.
    public var contentType: String?
    public var body: String
    /// Beside the content type; names in lower case.
    public var headers: [String: String]

    public init(status: Int, contentType: String? = nil, body: String = "", headers: [String: String] = [:]) {
        self.status = status
        self.contentType = contentType
        self.body = body
        self.headers = headers
    }

    /// `text/plain`, for people and probes.
    public static func text(_ body: String, status: Int = 200) -> StatusResponse {
        StatusResponse(status: status, contentType: "text/plain; charset=utf-8", body: body)
    }

    /// Prometheus' text exposition format.
    public static func metrics(_ body: String) -> StatusResponse {
        StatusResponse(status: 200, contentType: "text/plain; version=0.0.4; charset=utf-8", body: body)
    }

    /// `application/json`; the body is JSON already.
    public static func json(_ body: String, status: Int = 200) -> StatusResponse {
        StatusResponse(status: status, contentType: "application/json", body: body)
    }
}
