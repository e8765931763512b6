import AgentAPI
import AgentShell
import ClusterRecords
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

        var most: Int { counts.withLock { $0.most } }
        var begun: Int { counts.withLock { $0.begun } }

        func measure() async -> PositionAnswer? {
            counts.withLock { $0 = ($0.running + 1, max($0.most, $0.running + 1), $0.begun + 1) }
            defer { counts.withLock { $0.running -= 1 } }
            // What a look at a busy server takes.
            try? await Task.sleep(for: .milliseconds(20))
            let report = PositionReport(
                name: "demo-0", isPrimary: true, timeline: Timeline(rawValue: 1), position: LSN(rawValue: 8))
            return PositionAnswer(report: report, isRunning: true)
        }
    }

    private func withServer(
        measuring: Measuring = Measuring(), _ body: @Sendable @escaping (Int) async throws -> Void
    ) async throws {
        let routes = AgentAPIFixture.routes(AgentAPIFixture.member(.primary)) { await measuring.measure() }
        try await AgentAPIFixture.withServer({ AgentAPIFixture.server(routes, onListening: $0) }, body)
    }

    private static let question = "GET /matriarch/position HTTP/1.1\r\nHost: demo-0\r\nConnection: close\r\n\r\n"
    private static let probe = "GET /liveness HTTP/1.1\r\nHost: demo-0\r\nConnection: close\r\n\r\n"

    @Test func `a flood of questions for the position is one measurement at a time, shared by all who ask`()
        async throws
    {
        let measuring = Measuring()
        try await withServer(measuring: measuring) { port in
            let answers = try await RawConnection.blocking {
                let connections = try (0..<60).map { _ in try RawConnection(port: port) }
                for connection in connections { connection.send(Self.question) }
                return connections.map { $0.receive() }
            }
            #expect(answers.allSatisfy { $0.hasPrefix("HTTP/1.1 200 ") && $0.contains("\"position\": 8") })
            #expect(measuring.most == 1)
            #expect(measuring.begun < 30, "each question was measured on its own")
        }
    }

    @Test func `a connection that never ends the head of its request is closed soon`() async throws {
        try await withServer { port in
            for words in ["", "GET /patroni HTTP/1.1\r\nHost: de"] {
                let isClosed = try await RawConnection.blocking {
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
            let isClosed = try await RawConnection.blocking {
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
        func server(_ onListening: @escaping @Sendable (Int) async -> Void) -> StatusServer {
            StatusServer(host: "127.0.0.1", port: 0, logger: Logger(label: "test"), onListening: onListening) {
                request in
                // Longer than the questions below take.
                if request.path != "/liveness" { try? await Task.sleep(for: .seconds(4)) }
                return StatusResponse(status: 200)
            }
        }
        try await AgentAPIFixture.withServer(server) { port in
            let answers = try await RawConnection.blocking {
                let held = try (0..<200).map { _ in try RawConnection(port: port) }
                for connection in held { connection.send(Self.question) }
                return try (0..<3).map { _ in
                    let probe = try RawConnection(port: port)
                    probe.send(Self.probe)
                    return probe.receive()
                }
            }
            #expect(answers.allSatisfy { $0.hasPrefix("HTTP/1.1 200 ") }, "\(answers)")
        }
    }

    @Test func `however many connections somebody holds, a probe is answered at once and few of them are kept`()
        async throws
    {
        try await withServer { port in
            let (answers, open) = try await RawConnection.blocking {
                let held = try (0..<400).map { _ in try RawConnection(port: port) }
                var answers: [String] = []
                for _ in 0..<3 {
                    let connection = try RawConnection(port: port)
                    connection.send(Self.probe)
                    answers.append(connection.receive())
                }
                return (answers, held.count { !$0.isClosed(within: 0) })
            }
            #expect(answers.allSatisfy { $0.hasPrefix("HTTP/1.1 200 ") })
            #expect(open <= 128)
        }
    }
}
