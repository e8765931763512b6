/// What a small HTTP server asks and answers: no streaming, small request bodies.
public struct StatusRequest: Hashable, Sendable {
    public enum Method: Hashable, Sendable {
        case get
        /// HEAD and OPTIONS: only the status is wanted. HAProxy's plain check sends OPTIONS.
        case statusOnly
        case post
        /// Any other method that would change something.
        case other
    }

    public var method: Method
    /// Without the query, still percent-encoded.
    public var path: String
    /// The first value of each name.
    public var query: [String: String]
    /// Of a POST; empty for any other.
    public var body: String

    public init(method: Method = .get, path: String, query: [String: String] = [:], body: String = "") {
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
