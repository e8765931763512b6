import Dispatch
import Glibc
import Testing

/// A TCP connection to a server on this machine, for what no HTTP client would send.
final class RawConnection: Sendable {
    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(connected == 0)
    }

    deinit { close(descriptor) }

    /// Runs `work`, which waits for answers, on a thread that may block.
    static func blocking<Value: Sendable>(_ work: @Sendable @escaping () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try work() }) }
        }
    }

    func send(_ text: String) { _ = text.withCString { Glibc.send(descriptor, $0, strlen($0), Int32(MSG_NOSIGNAL)) } }

    private func wait(_ seconds: Int) {
        var limit = timeval(tv_sec: max(seconds, 0), tv_usec: seconds == 0 ? 1000 : 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Until the server closes it, or what has arrived is complete; at most 10 s between two pieces.
    func receive(until isComplete: ([UInt8]) -> Bool = { _ in false }) -> String {
        wait(10)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !isComplete(bytes), case let size = recv(descriptor, &buffer, buffer.count, 0), size > 0 {
            bytes += buffer.prefix(size)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether the server closes it, or has, within so many seconds.
    func isClosed(within seconds: Int) -> Bool {
        wait(seconds)
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let size = recv(descriptor, &buffer, buffer.count, 0)
            if size > 0 { continue }
            return size == 0 || errno == ECONNRESET
        }
    }
}
