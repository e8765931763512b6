/// The status line and headers of a response.
public struct HTTPResponseHead: Sendable, Hashable {
    public var status: Int
    /// By lower-case name; of a repeated header, the last.
    public var headers: [String: String]

    public init(status: Int, headers: [String: String] = [:]) {
        self.status = status
        self.headers = headers
    }
}

/// A response with its whole body.
public struct HTTPResponse: Sendable, Hashable {
    public var head: HTTPResponseHead
    public var body: [UInt8]

    public var status: Int { head.status }

    public init(head: HTTPResponseHead, body: [UInt8]) {
        self.head = head
        self.body = body
    }
}

/// A response whose body is still arriving. Dropping the body, or ending the task that reads it, ends the transfer.
public struct HTTPStreamResponse: Sendable {
    public var head: HTTPResponseHead
    public var body: HTTPBodyStream
}
