import AgentAPI
import AgentShell
import Fence
import Glibc
import HighAvailability
import Logging
import PostgresClient
import Synchronization
import TestSupport
import Testing
import Units

/// The kubelet's probes have a port of their own, over real sockets.
@Suite(.serialized) struct ProbeServerTests {
    private func withProbes(
        _ member: @escaping @Sendable () -> MemberSnapshot, _ body: @Sendable @escaping (Int) async throws -> Void
    ) async throws {
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let server = ProbeServer(
            host: "127.0.0.1", port: 0, snapshot: member, clock: ManualClock(AgentAPIFixture.now),
            logger: Logger(label: "test"), onListening: { continuation.yield($0) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { continuation.finish() }
                await server.run()
            }
            for await port in ports.prefix(1) { try await body(port) }
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    private static func request(_ path: String, _ method: String = "GET") -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: 10.0.0.7:8009\r\nUser-Agent: kube-probe/1.36\r\nConnection: close\r\n\r\n"
    }

    private static func status(_ answer: String) -> Int? {
        answer.hasPrefix("HTTP/1.1 ") && answer.hasSuffix("\r\n\r\n") ? Int(answer.dropFirst(9).prefix(3)) : nil
    }

    private static func ask(_ port: Int, _ text: String) throws -> Int? {
        let connection = try RawConnection(port: port)
        connection.send(text)
        return status(connection.receive())
    }

    /// What a member is, and what the two probes say of it.
    static let members: [(member: MemberSnapshot, liveness: Int, readiness: Int)] = [
        (AgentAPIFixture.member(.primary), 200, 200),
        (AgentAPIFixture.member(.replica), 200, 200),
        (AgentAPIFixture.member(.replica) { $0.replicationState = nil }, 200, 503),
        (AgentAPIFixture.member(.primary) { $0.nextLoop = AgentAPIFixture.now - .seconds(30) }, 503, 200),
        (AgentAPIFixture.member(.uninitialized, .stopped), 200, 503),
    ]

    @Test(arguments: members.indices)
    func `the probes say what they say on the REST interface`(row: Int) async throws {
        let (member, liveness, readiness) = Self.members[row]
        let routes = AgentAPIFixture.routes(member)
        #expect(await routes.respond(to: StatusRequest(path: "/liveness")).status == liveness)
        #expect(await routes.respond(to: StatusRequest(path: "/readiness")).status == readiness)
        try await withProbes({ member }) { port in
            let answers = try await RawConnection.blocking {
                try ["/liveness", "/readiness"].map { try Self.ask(port, Self.request($0)) }
            }
            #expect(answers == [liveness, readiness])
        }
    }

    @Test func `nothing else is answered there, and no body is read`() async throws {
        try await withProbes({ AgentAPIFixture.member(.primary) }) { port in
            let answers = try await RawConnection.blocking {
                try [
                    Self.request("/liveness", "HEAD"), Self.request("/liveness", "POST"), Self.request("/patroni"),
                    Self.request("/liveness?x=1"), Self.request("/"), "GET /liveness\r\n\r\n", "\r\n\r\n",
                    "GET /liveness SPDY/1\r\n\r\n", "GET /liveness HTTP/1.0\n\n",
                    "GET /liveness HTTP/1.1\r\nX: \(String(repeating: "x", count: 5000))\r\n\r\n",
                ].map { try Self.ask(port, $0) }
            }
            #expect(answers == [200, 405, 404, 404, 404, 400, 400, 400, 200, 431])
        }
    }

    @Test func `a request in pieces is answered, and one that does not end is hung up on`() async throws {
        try await withProbes({ AgentAPIFixture.member(.primary) }) { port in
            let (answer, isClosed) = try await RawConnection.blocking {
                let slow = try RawConnection(port: port)
                let pieces = try RawConnection(port: port)
                for character in Self.request("/liveness") { pieces.send(String(character)) }
                slow.send("GET /live")
                return (Self.status(pieces.receive()), slow.isClosed(within: 10))
            }
            #expect(answer == 200)
            #expect(isClosed)
        }
    }

    @Test func `however many connections somebody holds, a probe is answered and few of them are kept`() async throws {
        try await withProbes({ AgentAPIFixture.member(.primary) }) { port in
            let (answers, open) = try await RawConnection.blocking {
                let held = try (0..<300).map { _ in try RawConnection(port: port) }
                let answers = try (0..<3).map { _ in try Self.ask(port, Self.request("/liveness")) }
                return (answers, held.count { !$0.isClosed(within: 0) })
            }
            #expect(answers == [200, 200, 200])
            #expect(open <= 64)
        }
    }

    /// The REST interface answers by tasks of the process's pool; whatever holds all of its threads holds no probe.
    @Test func `a probe is answered while every thread of the agent's tasks is held up`() async throws {
        let over = Count()
        try await withProbes({ AgentAPIFixture.member(.primary) }) { port in
            let threads = 2 * sysconf(Int32(_SC_NPROCESSORS_ONLN))
            let answers = AsyncStream<[Int?]>.makeStream()
            // A thread of its own asks, and lets the tasks go.
            let ask: @Sendable () -> Void = {
                let probes = (0..<3).map { _ in try? Self.ask(port, Self.request("/liveness")) }
                over.rise()
                answers.continuation.yield(probes)
            }
            await withTaskGroup(of: Void.self) { group in
                for index in 0..<threads {
                    group.addTask {
                        if index == 0 { OwnedThread.start(name: "asks", ask) }
                        // Blocks the thread itself, as a write to a full pipe does; never longer than the test may last.
                        for _ in 0..<3000 where over.value == 0 { usleep(10_000) }
                    }
                }
            }
            var said: [Int?] = []
            for await probes in answers.stream.prefix(1) { said = probes }
            #expect(said == [200, 200, 200])
        }
    }

    @Test func `a port that is taken costs the agent nothing, and is had as soon as it is free`() async throws {
        let port = try FreePorts.take(1)[0]
        var holder: PortHolder? = try PortHolder(port)
        let said = Count()
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let server = ProbeServer(
            host: "127.0.0.1", port: Int(port), snapshot: { AgentAPIFixture.member(.primary) }, clock: BootClock(),
            logger: Logger(label: "test") { _ in CountingLog(said) }, onListening: { continuation.yield($0) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await server.run() }
            try await eventually("it has found the port taken") { said.value > 0 }
            #expect(holder != nil)
            holder = nil
            for await bound in ports.prefix(1) { #expect(bound == Int(port)) }
            let answer = try await RawConnection.blocking { try Self.ask(Int(port), Self.request("/liveness")) }
            #expect(answer == 200 || answer == 503)
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}

/// Listens on a port of this machine for as long as it lives.
private final class PortHolder {
    private let descriptor: Int32

    init(_ port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(bound == 0 && listen(descriptor, 1) == 0)
    }

    deinit { close(descriptor) }
}

private final class Count: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
    func rise() { count.withLock { $0 += 1 } }
}

/// Counts what is said.
private struct CountingLog: LogHandler {
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    private let count: Count

    init(_ count: Count) { self.count = count }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { count.rise() }
}
