import Glibc
import Synchronization
import TestSupport

/// A TCP server that misbehaves as told; for transport errors only, never for the semantics of the API.
///
/// Each connection runs the script on a thread of its own, with blocking calls.
final class FakeServer: Sendable {
    private let port: UInt16
    private let listener: Int32
    private let requestCount = Mutex(0)
    private let connectionCount = Mutex(0)

    var url: String { "http://127.0.0.1:\(port)" }
    /// Complete requests read so far, over all connections.
    var requests: Int { requestCount.withLock { $0 } }
    var connections: Int { connectionCount.withLock { $0 } }

    init(_ script: @escaping @Sendable (FakeConnection) -> Void) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isListening else { throw FakeServerError(code: errno) }
        port = UInt16(bigEndian: address.sin_port)
        Self.onThread { [weak self] in
            while true {
                let accepted = accept(descriptor, nil, nil)
                guard accepted >= 0 else { return }
                guard let self else {
                    close(accepted)
                    return
                }
                let number = self.connectionCount.withLock { count in
                    count += 1
                    return count
                }
                let connection = FakeConnection(descriptor: accepted, number: number) { [weak self] in
                    self?.requestCount.withLock { count in
                        count += 1
                        return count
                    } ?? 0
                }
                Self.onThread {
                    script(connection)
                    connection.close()
                }
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    private static func onThread(_ body: @escaping @Sendable () -> Void) {
        final class Box: Sendable {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var thread = pthread_t()
        let context = Unmanaged.passRetained(Box(body)).toOpaque()
        let result = pthread_create(
            &thread, nil,
            { context in
                if let context { Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body() }
                return nil
            }, context)
        precondition(result == 0, "no thread for the fake server")
        pthread_detach(thread)
    }
}

struct FakeServerError: Error {
    let code: Int32
}

/// One accepted connection.
final class FakeConnection: Sendable {
    /// Counted from 1, over the server's life.
    let number: Int
    private let descriptor: Int32
    private let isClosed = Mutex(false)
    private let countRequest: @Sendable () -> Int

    init(descriptor: Int32, number: Int, countRequest: @escaping @Sendable () -> Int) {
        self.descriptor = descriptor
        self.number = number
        self.countRequest = countRequest
    }

    /// The next request, head and body; `nil` when the client has gone.
    func readRequest() -> FakeRequest? {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let decoded = String(decoding: text, as: UTF8.self)
            if let end = decoded.firstRange(of: "\r\n\r\n") {
                let head = decoded[..<end.lowerBound]
                let length = head.lowercased().firstMatch(of: /content-length: (\d+)/).flatMap { Int($0.1) } ?? 0
                let body = decoded[end.upperBound...]
                if body.utf8.count >= length {
                    return FakeRequest(number: countRequest(), head: String(head), body: String(body))
                }
            }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            text += buffer[..<count]
        }
    }

    /// Returns how much was taken before the client stopped reading for 300 ms, or went away.
    @discardableResult
    func write(_ bytes: some Collection<UInt8>) -> Int {
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

    func write(_ text: String) { write(text.utf8) }

    /// As ``write(_:)``, without having it all in memory.
    @discardableResult
    func writeFiller(count: Int) -> Int {
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

    func respond(_ status: Int, headers: [String] = [], _ body: String = "{}") {
        let lines = ["HTTP/1.1 \(status) Test", "Content-Length: \(body.utf8.count)"] + headers
        write(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
    }

    func beginChunked() { write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n") }
    func writeChunk(_ bytes: some Collection<UInt8>) {
        write(String(bytes.count, radix: 16) + "\r\n")
        write(bytes)
        write("\r\n")
    }
    func endChunked() { write("0\r\n\r\n") }

    /// Blocks until the client closes.
    func waitForClose() { while readRequest() != nil {} }

    /// Closes with a reset instead of an orderly end.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    func close() {
        isClosed.withLock { isClosed in
            if !isClosed { Glibc.close(descriptor) }
            isClosed = true
        }
    }
}

struct FakeRequest: Sendable {
    /// Counted from 1, over the server's life.
    let number: Int
    let head: String
    let body: String
}
