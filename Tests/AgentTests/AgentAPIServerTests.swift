import AgentAPI
import AgentShell
import ClusterRecords
import Dispatch
import Glibc
import HighAvailability
import Logging
import TestSupport
import Testing
import Units

/// Over real sockets: what a load balancer, a kubelet and curl send.
@Suite struct AgentAPIServerTests {
    private static func agent(_ onListening: @escaping @Sendable (Int) async -> Void) -> StatusServer {
        AgentAPIFixture.server(AgentAPIFixture.routes(AgentAPIFixture.member(.primary)), onListening: onListening)
    }

    /// Sends the text and reads one answer.
    private func exchange(_ port: Int, _ text: String) async throws -> String {
        try await RawConnection.blocking {
            let connection = try RawConnection(port: port)
            connection.send(text)
            return connection.receive(until: Self.isComplete)
        }
    }

    /// The head is there, and as much of a body as it announces.
    private static func isComplete(_ bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let head = text.firstRange(of: "\r\n\r\n") else { return false }
        let fields = text[..<head.lowerBound].lowercased().split(separator: "\r\n")
        let length = fields.first { $0.hasPrefix("content-length: ") }.flatMap { Int($0.dropFirst(16)) } ?? 0
        return text[head.upperBound...].utf8.count >= length
    }

    private func request(_ port: Int, _ method: String, _ target: String) async throws -> String {
        try await exchange(port, "\(method) \(target) HTTP/1.1\r\nHost: demo-0\r\nConnection: close\r\n\r\n")
    }

    @Test func `GET has the document, HEAD and OPTIONS have the status alone`() async throws {
        try await AgentAPIFixture.withServer(Self.agent) { port in
            let get = try await request(port, "GET", "/primary")
            #expect(get.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(get.lowercased().contains("content-type: application/json\r\n"))
            #expect(get.hasSuffix("\"name\": \"demo-0\"}}"))
            for method in ["HEAD", "OPTIONS"] {
                for (path, status) in [("/primary", 200), ("/replica", 503), ("/liveness", 200), ("/patroni", 200)] {
                    let answer = try await request(port, method, path)
                    #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(method) \(path)")
                    #expect(answer.hasSuffix("\r\n\r\n"), "\(method) \(path)")
                }
            }
        }
    }

    @Test func `a POST's body arrives with it`() async throws {
        try await AgentAPIFixture.withServer(Self.agent) { port in
            func post(_ body: String) async throws -> String {
                try await exchange(
                    port,
                    "POST /failsafe HTTP/1.1\r\nHost: demo-0\r\nConnection: close\r\n"
                        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
            }
            let answer = try await post(#"{"name": "demo-0"}"#)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.hasSuffix(#"asked: {"name": "demo-0"}"#))
        }
    }

    @Test func `a seal is asked for by POST alone, with the epoch and the lock's version`() async throws {
        let routes = AgentRoutes(
            snapshot: { AgentAPIFixture.member(.replica) }, position: { nil },
            seal: { wanted in
                guard wanted == Seal(epoch: 8, lockVersion: "41") else { return nil }
                return PositionAnswer(
                    report: PositionReport(
                        name: "demo-0", isPrimary: false, timeline: Timeline(rawValue: 3),
                        position: LSN(rawValue: 500), sealedEpoch: 8), isRunning: true)
            }, metrics: { "" }, failsafe: { _ in StatusResponse(status: 502) },
            refusal: { _ in nil }, clock: ManualClock(AgentAPIFixture.now))
        let server = { (onListening: @escaping @Sendable (Int) async -> Void) in
            StatusServer(
                host: "127.0.0.1", port: 0, logger: Logger(label: "test"), onListening: onListening,
                responder: routes.respond)
        }
        try await AgentAPIFixture.withServer(server) { port in
            let sealed = try await request(port, "POST", "/matriarch/seal?epoch=8&lock=41")
            #expect(sealed.hasPrefix("HTTP/1.1 200 "))
            #expect(sealed.contains("\"sealed\": 8") && sealed.contains("\"position\": 500"))
            #expect(try await request(port, "POST", "/matriarch/seal?epoch=9&lock=41").hasPrefix("HTTP/1.1 503 "))
            #expect(try await request(port, "POST", "/matriarch/seal?epoch=8").hasPrefix("HTTP/1.1 400 "))
            #expect(try await request(port, "GET", "/matriarch/seal?epoch=8&lock=41").hasPrefix("HTTP/1.1 503 "))
            #expect(try await request(port, "POST", "/patroni").hasPrefix("HTTP/1.1 501 "))
        }
    }

    @Test func `an old balancer's HTTP/1.0 check is understood`() async throws {
        try await AgentAPIFixture.withServer(Self.agent) { port in
            let options = try await exchange(port, "OPTIONS / HTTP/1.0\r\n\r\n")
            #expect(options.contains(" 200 OK\r\n"))
            let get = try await exchange(port, "GET /replica HTTP/1.0\r\n\r\n")
            #expect(get.contains(" 503 Service Unavailable\r\n"))
        }
    }

    @Test func `queries are decoded as Patroni decodes them`() async throws {
        let member = AgentAPIFixture.member(.replica) {
            $0.tags = ["zone": .string("north east"), "mark": .string("50%+")]
            $0.replicationState = "in archive recovery"
        }
        let server: (@escaping @Sendable (Int) async -> Void) -> StatusServer = { onListening in
            StatusServer(
                host: "127.0.0.1", port: 0, logger: Logger(label: "test"), onListening: onListening,
                responder: AgentAPIFixture.routes(member).respond)
        }
        try await AgentAPIFixture.withServer(server) { port in
            for (query, status) in [
                ("lag=10MB&tag_zone=north%20east", 200), ("tag_zone=north", 503), ("tag_zone=north+east", 200),
                ("replication_state=in+archive+recovery", 200), ("replication_state=streaming", 503),
                // The first value counts.
                ("tag_zone=south&tag_zone=north+east", 503), ("tag_zone=north+east&tag_zone=south", 200),
                ("tag_zone=&tag_zone=south", 503),
                // Without a value it is not there.
                ("tag_zone=", 200), ("tag_zone", 200), ("replication_state=", 200), ("lag=&tag_absent", 200),
                ("tag_absent=x", 503), ("&&tag_zone=&=x", 200),
                ("tag_mark=50%25%2B", 200), ("tag_mark=50%%2b", 200), ("tag_mark=50%25+", 503),
                ("tag_mark=50%2", 503), ("tag_mark=%+1", 503), ("tag_mark=%zz", 503),
            ] {
                let answer = try await request(port, "GET", "/replica?\(query)")
                #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(query)")
            }
        }
    }

    @Test func `a change is refused`() async throws {
        try await AgentAPIFixture.withServer(Self.agent) { port in
            let answer = try await exchange(
                port, "PATCH /config HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")
            #expect(answer.hasPrefix("HTTP/1.1 501 "))
        }
    }

    @Test func `a server of fixed routes knows its paths and no others`() async throws {
        let server: (@escaping @Sendable (Int) async -> Void) -> StatusServer = { onListening in
            StatusServer(
                host: "127.0.0.1", port: 0, logger: Logger(label: "test"), onListening: onListening,
                routes: ["/healthz": { .text("ok\n") }, "/readyz": { .text("not the leader\n", status: 503) }])
        }
        try await AgentAPIFixture.withServer(server) { port in
            let health = try await request(port, "GET", "/healthz")
            #expect(health.hasSuffix("\r\n\r\nok\n"))
            let readiness = try await request(port, "GET", "/readyz")
            #expect(readiness.hasPrefix("HTTP/1.1 503 "))
            let unknown = try await request(port, "GET", "/metrics")
            #expect(unknown.hasPrefix("HTTP/1.1 404 "))
            let deletion = try await request(port, "DELETE", "/healthz")
            #expect(deletion.hasPrefix("HTTP/1.1 405 "))
        }
    }

    @Test func `a port that is taken is an error, not silence`() async throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let named = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, size)
                listen(descriptor, 1)
                return getsockname(descriptor, address, &size)
            }
        }
        #expect(named == 0)
        let server = StatusServer(
            host: "127.0.0.1", port: Int(UInt16(bigEndian: address.sin_port)), logger: Logger(label: "test"),
            responder: { _ in .text("") })
        await #expect(throws: (any Error).self) { try await server.run() }
    }
}
