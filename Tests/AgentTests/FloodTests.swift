import AgentAPI
import ClusterRecords
import Dispatch
import Glibc
import HighAvailability
import Logging
import Synchronization
import Testing
import Units

/// What somebody on the network who wishes the member ill can hold up, over real sockets.
@Suite(.serialized) struct FloodTests {
    /// Counts what runs at once.
    private final class Measuring: Sendable {
        private let counts = Mutex((running: 0, most: 0, begun: 0))
        private let time: Duration

        /// - Parameter time: what a look at a busy server takes.
        init(time: Duration = .milliseconds(20)) { self.time = time }

        var most: Int { counts.withLock { $0.most } }
        var begun: Int { counts.withLock { $0.begun } }

        func measure() async -> PositionAnswer? {
            counts.withLock { $0 = ($0.running + 1, max($0.most, $0.running + 1), $0.begun + 1) }
            defer { counts.withLock { $0.running -= 1 } }
            try? await Task.sleep(for: time)
            let report = PositionReport(
                name: "demo-0", isPrimary: true, timeline: Timeline(rawValue: 1), position: LSN(rawValue: 8))
            return PositionAnswer(report: report, isRunning: true)
        }
    }

    private func withServer(
        measuring: Measuring = Measuring(), _ body: @Sendable @escaping (Int) async throws -> Void
    ) async throws {
        let routes = AgentAPIFixture.routes(AgentAPIFixture.member(.primary)) { await measuring.measure() }
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let server = StatusServer(
            host: "127.0.0.1", port: 0, logger: Logger(label: "test"), onListening: { continuation.yield($0) },
            responder: routes.respond)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { continuation.finish() }
                try await server.run()
            }
            for await port in ports.prefix(1) { try await body(port) }
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    /// On a thread that may block.
    private func blocking<Value: Sendable>(_ work: @Sendable @escaping () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try work() }) }
        }
    }

    private static let question = "GET /matriarch/position HTTP/1.1\r\nHost: demo-0\r\nConnection: close\r\n\r\n"
    private static let probe = "GET /liveness HTTP/1.1\r\nHost: demo-0\r\nConnection: close\r\n\r\n"

    @Test func `a flood of questions for the position is one measurement at a time, shared by all who ask`()
        async throws
    {
        let measuring = Measuring()
        try await withServer(measuring: measuring) { port in
            let answers = try await blocking {
                let connections = try (0..<60).map { _ in try RawConnection(port: port) }
                for connection in connections { connection.send(Self.question) }
                return connections.map { $0.receiveAll() }
            }
            #expect(answers.allSatisfy { $0.hasPrefix("HTTP/1.1 200 ") && $0.contains("\"position\": 8") })
            #expect(measuring.most == 1)
            #expect(measuring.begun < 30, "each question was measured on its own")
        }
    }

    @Test func `a connection that never ends the head of its request is closed soon`() async throws {
        try await withServer { port in
            for words in ["", "GET /patroni HTTP/1.1\r\nHost: de"] {
                let isClosed = try await blocking {
                    let connection = try RawConnection(port: port)
                    connection.send(words)
                    return connection.isClosed(within: 15)
                }
                #expect(isClosed, "\"\(words)\" still holds its connection")
            }
        }
    }

    @Test func `a connection that never ends the body of its request is closed soon`() async throws {
        try await withServer { port in
            let isClosed = try await blocking {
                let connection = try RawConnection(port: port)
                connection.send("POST /failsafe HTTP/1.1\r\nHost: x\r\nContent-Length: 400\r\n\r\n{")
                // Each byte is a sign of life, which must not count.
                for _ in 0..<15 where !connection.isClosed(within: 1) { connection.send("x") }
                return connection.isClosed(within: 1)
            }
            #expect(isClosed)
        }
    }

    @Test func `a probe is answered also when every connection waits for an answer`() async throws {
        try await withServer(measuring: Measuring(time: .milliseconds(900))) { port in
            let answers = try await blocking {
                var held: [RawConnection] = []
                var answers: [String] = []
                // As many as may wait for one measurement, and again while the next one serves those.
                for _ in 0..<3 {
                    for _ in 0..<101 {
                        let connection = try RawConnection(port: port)
                        connection.send(Self.question)
                        held.append(connection)
                    }
                    let probe = try RawConnection(port: port)
                    probe.send(Self.probe)
                    answers.append(probe.receiveAll())
                    usleep(700_000)
                }
                return answers
            }
            #expect(answers.allSatisfy { $0.hasPrefix("HTTP/1.1 200 ") })
        }
    }

    @Test func `however many connections somebody holds, a probe is answered at once and few of them are kept`()
        async throws
    {
        try await withServer { port in
            let (answers, open) = try await blocking {
                let held = try (0..<400).map { _ in try RawConnection(port: port) }
                var answers: [String] = []
                for _ in 0..<3 {
                    let connection = try RawConnection(port: port)
                    connection.send(Self.probe)
                    answers.append(connection.receiveAll())
                }
                return (answers, held.count { !$0.isClosed(within: 0) })
            }
            #expect(answers.allSatisfy { $0.hasPrefix("HTTP/1.1 200 ") })
            #expect(open <= 128)
        }
    }
}

/// A TCP connection to a server on this machine, for what no HTTP client would send.
private final class RawConnection: Sendable {
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

    func send(_ text: String) { _ = text.withCString { Glibc.send(descriptor, $0, strlen($0), Int32(MSG_NOSIGNAL)) } }

    private func wait(_ seconds: Int) {
        var limit = timeval(tv_sec: max(seconds, 0), tv_usec: seconds == 0 ? 1000 : 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Until the server closes it, at most 10 s between two pieces.
    func receiveAll() -> String {
        wait(10)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let size = recv(descriptor, &buffer, buffer.count, 0), size > 0 { bytes += buffer.prefix(size) }
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
