@preconcurrency import Dispatch
import Glibc
import HTTPTransport
import KubernetesClient
import Synchronization
import TestSupport

/// Stands between a client and the API server and loses what it is told to lose; everything else is the real server's.
final class LossyServer: Sendable {
    enum Fate: Sendable {
        case answered
        /// The server never sees the request; the client only sees its connection end.
        case requestLost
        /// The server has done it; the client only sees its connection end, after `meanwhile`.
        case answerLost(meanwhile: @Sendable () async throws -> Void = {})
        /// An overloaded proxy answers in the server's stead.
        case refused(status: Int)
    }

    private let listener: Int32
    private let port: UInt16
    private let controlPlane: ControlPlane
    private let transport: HTTPTransport
    private let writes = Mutex(0)
    private let fate: @Sendable (Int) -> Fate

    /// Writes that arrived here so far.
    var writeCount: Int { writes.withLock { $0 } }

    /// - Parameter fate: of each write, counted from 1. Reads are always answered.
    init(before controlPlane: ControlPlane, fate: @escaping @Sendable (Int) -> Fate) throws {
        self.controlPlane = controlPlane
        self.fate = fate
        var configuration = HTTPTransportConfiguration()
        configuration.serverTrust = .authorityFile(controlPlane.authorityPath)
        transport = HTTPTransport(configuration: configuration)
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
        guard isListening else { throw LossyServerError.cannotListen(errno) }
        port = UInt16(bigEndian: address.sin_port)
        let accepting = DispatchQueue(label: "lossy-server")
        accepting.async { [weak self] in
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { return }
                let server = self
                Thread.detach {
                    server?.serve(connection)
                    close(connection)
                }
            }
        }
    }

    deinit {
        Glibc.shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        transport.shutdown()
    }

    func client() -> KubernetesClient {
        KubernetesClient(configuration: ClusterConfiguration(server: "http://127.0.0.1:\(port)"))
    }

    private func serve(_ connection: Int32) {
        while let request = Request(readFrom: connection) {
            var fate = Fate.answered
            if request.method != .get {
                fate = self.fate(
                    writes.withLock { count in
                        count += 1
                        return count
                    })
            }
            switch fate {
            case .answered:
                guard let response = forward(request) else { return }
                Self.write(response.head.status, response.body, to: connection)
            case .requestLost:
                return
            case .answerLost(let meanwhile):
                guard forward(request) != nil else { return }
                _ = wait(for: meanwhile)
                return
            case .refused(let status):
                Self.write(status, Array("busy".utf8), to: connection)
            }
        }
    }

    private func forward(_ request: Request) -> HTTPResponse? {
        let forwarded = HTTPRequest(
            method: request.method, url: controlPlane.server + request.path,
            headers: [
                ("Authorization", "Bearer \(controlPlane.adminToken)"), ("Content-Type", request.contentType),
                ("Accept", "application/json"),
            ], body: request.body.isEmpty ? nil : request.body)
        let transport = transport
        return wait { try await transport.send(forwarded, deadline: .seconds(10)) }
    }

    /// From a thread of this server's own, which may block.
    private func wait<Value: Sendable>(for body: @escaping @Sendable () async throws -> Value) -> Value? {
        let done = DispatchSemaphore(value: 0)
        let result = Box<Value>()
        Task {
            do { result.set(try await body()) } catch { print("lossy server: \(error)") }
            done.signal()
        }
        done.wait()
        return result.value
    }

    private static func write(_ status: Int, _ body: [UInt8], to connection: Int32) {
        let head = "HTTP/1.1 \(status) Test\r\nContent-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n"
        let bytes = Array(head.utf8) + body
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes {
                send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            written += count
        }
    }
}

enum LossyServerError: Error {
    case cannotListen(Int32)
}

/// A value another thread leaves.
private final class Box<Value: Sendable>: Sendable {
    private let content = Mutex<Value?>(nil)

    var value: Value? { content.withLock { $0 } }
    func set(_ value: Value) { content.withLock { $0 = value } }
}

/// A thread that may block, unlike those of the cooperative pool.
private enum Thread {
    static func detach(_ body: @escaping @Sendable () -> Void) {
        DispatchQueue(label: "lossy-server-connection").async(execute: body)
    }
}

/// One request as it came over the wire.
private struct Request {
    let method: HTTPRequest.Method
    let path: String
    let contentType: String
    let body: [UInt8]

    /// nil when the client has gone.
    init?(readFrom connection: Int32) {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let text = String(decoding: bytes, as: UTF8.self)
            if let end = text.firstRange(of: "\r\n\r\n") {
                let head = text[..<end.lowerBound]
                let length = head.lowercased().firstMatch(of: /content-length: (\d+)/).flatMap { Int($0.1) } ?? 0
                let body = Array(text[end.upperBound...].utf8)
                if body.count >= length {
                    let words = head.split(separator: " ", maxSplits: 2)
                    guard words.count == 3, let method = HTTPRequest.Method(rawValue: String(words[0])) else {
                        return nil
                    }
                    self.method = method
                    path = String(words[1])
                    contentType =
                        head.lowercased().firstMatch(of: /content-type: (\S+)/).map { String($0.1) }
                        ?? "application/json"
                    self.body = body
                    return
                }
            }
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            bytes += buffer[..<count]
        }
    }
}
