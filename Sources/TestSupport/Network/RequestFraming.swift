/// Cuts a stream of bytes into HTTP/1.1 requests: head, and a body of the length the head tells.
struct RequestFraming {
    private var bytes: [UInt8] = []

    mutating func append(_ more: [UInt8]) { bytes += more }

    /// The next complete request; nil when more has to be read.
    mutating func next() -> [UInt8]? {
        guard let end = Self.endOfHead(bytes) else { return nil }
        let head = String(decoding: bytes[..<end], as: UTF8.self).lowercased()
        let length = head.firstMatch(of: /content-length: *(\d+)/).flatMap { Int($0.1) } ?? 0
        guard bytes.count >= end + length else { return nil }
        defer { bytes.removeFirst(end + length) }
        return Array(bytes[..<(end + length)])
    }

    /// Behind the empty line.
    private static func endOfHead(_ bytes: [UInt8]) -> Int? {
        let mark = Array("\r\n\r\n".utf8)
        guard bytes.count >= mark.count else { return nil }
        return (0...(bytes.count - mark.count)).first { bytes[$0..<($0 + mark.count)].elementsEqual(mark) }
            .map { $0 + mark.count }
    }

    /// As the API server, or a proxy before it, refuses a request.
    static func refusal(_ status: Int) -> [UInt8] {
        let reasons = [
            403: "Forbidden", 409: "Conflict", 429: "TooManyRequests", 500: "InternalError", 502: "BadGateway",
            503: "ServiceUnavailable", 504: "Timeout",
        ]
        let reason = reasons[status] ?? "InternalError"
        let body =
            #"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"refused on the way","#
            + #""reason":"\#(reason)","code":\#(status)}"#
        return Array(
            ("HTTP/1.1 \(status) \(reason)\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n" + body).utf8)
    }
}
