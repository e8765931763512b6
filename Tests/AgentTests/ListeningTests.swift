import Glibc
import HTTPTransport
import Logging
import TestSupport
import Testing

@testable import AgentAPI

@Suite struct ListeningTests {
    @Test func `one socket serves both families where the kernel lets it`() {
        #expect(ListeningAddress.everywhere(.bothFamilies) == ["::"])
        #expect(ListeningAddress.everywhere(.alone) == ["::", "0.0.0.0"])
    }

    @Test func `a kernel without IPv6 is listened to by IPv4`() {
        #expect(ListeningAddress.everywhere(.none) == ["0.0.0.0"])
    }

    @Test func `probes are answered at the addresses of both families`() async throws {
        let port = Int(try FreePorts.take(1)[0])
        let (listening, continuation) = AsyncStream.makeStream(of: Int.self)
        let server = StatusServer(
            port: port, logger: Logger(label: "test"), onListening: { continuation.yield($0) },
            routes: ["/healthz": { .text("fine\n") }])
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            for await bound in listening.prefix(1) { #expect(bound == port) }
            let transport = HTTPTransport()
            for host in ["127.0.0.1", "[::1]"] {
                let answer = try await transport.send(
                    HTTPRequest(method: .get, url: "http://\(host):\(port)/healthz"), deadline: .seconds(5))
                #expect(answer.status == 200, "\(host)")
                #expect(String(decoding: answer.body, as: UTF8.self) == "fine\n", "\(host)")
            }
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}
