import Glibc
import Synchronization

/// One accepted connection of a ``ScriptedServer``: blocking, on a thread of its own.
public final class ServedConnection: Sendable {
    /// Counted from 1, over the server's life.
    public let number: Int
    private let descriptor: Int32
    private let framing = Mutex(RequestFraming())
    private let countRequest: @Sendable () -> Int

    /// - Parameter descriptor: stays the listener's, which closes it.
    init(_ descriptor: Int32, number: Int, countRequest: @escaping @Sendable () -> Int) {
        self.descriptor = descriptor
        self.number = number
        self.countRequest = countRequest
    }

    /// The next request, head and body; `nil` when the client has gone.
    public func readRequest() -> ServedRequest? {
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            if let bytes = framing.withLock({ $0.next() }) {
                return ServedRequest(number: countRequest(), bytes: bytes)
            }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            framing.withLock { $0.append(Array(buffer[..<count])) }
        }
    }

    /// Returns how much was taken before the client stopped reading for 300 ms, or went away.
    @discardableResult
    public func write(_ bytes: some Collection<UInt8>) -> Int {
        var timeout = timeval(tv_sec: 0, tv_usec: 300_000)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        let bytes = Array(bytes)
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { break }
            written += count
        }
        return written
    }

    public func write(_ text: String) { write(text.utf8) }

    /// As ``write(_:)``, without having it all in memory.
    @discardableResult
    public func writeFiller(count: Int) -> Int {
        let block = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        var written = 0
        while written < count {
            let size = min(block.count, count - written)
            let taken = write(block[..<size])
            written += taken
            if taken < size { break }
        }
        return written
    }

    /// A whole answer.
    public func respond(_ status: Int, headers: [String] = [], _ body: String = "{}") {
        let lines = ["HTTP/1.1 \(status) Test", "Content-Length: \(body.utf8.count)"] + headers
        write(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
    }

    public func respond(_ status: Int, _ body: [UInt8]) {
        write("HTTP/1.1 \(status) Test\r\nContent-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n")
        write(body)
    }

    /// An answer whose end is not told in advance.
    public func beginChunked() { write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") }

    public func writeChunk(_ bytes: some Collection<UInt8>) {
        write(String(bytes.count, radix: 16) + "\r\n")
        write(bytes)
        write("\r\n")
    }

    public func endChunked() { write("0\r\n\r\n") }

    /// Blocks until the client closes.
    public func waitForClose() { while readRequest() != nil {} }

    /// Ends the connection before the script does.
    public func close() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Makes the end of the script a reset instead of an orderly end.
    public func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }
}

/// One request as it came over the wire.
public struct ServedRequest: Sendable {
    /// Counted from 1, over the server's life.
    public let number: Int
    /// Without the empty line behind it.
    public let head: String
    public let body: [UInt8]

    init(number: Int, bytes: [UInt8]) {
        self.number = number
        let text = String(decoding: bytes, as: UTF8.self)
        let end = text.firstRange(of: "\r\n\r\n")
        head = String(text[..<(end?.lowerBound ?? text.endIndex)])
        body = Array(text[(end?.upperBound ?? text.endIndex)...].utf8)
    }

    /// Such as `GET`; empty when there is no request line.
    public var method: String { String(words.first ?? "") }
    /// With its query.
    public var path: String { words.count > 1 ? String(words[1]) : "" }
    public var contentType: String? {
        head.firstMatch(of: /(?i)content-type: *(\S+)/).map { String($0.1) }
    }

    private var words: [Substring] { (head.split(whereSeparator: \.isNewline).first ?? "").split(separator: " ") }
}
