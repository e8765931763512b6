import HTTPTransport
import KubernetesClient
import KubernetesModels
import SeededChance
import Synchronization
import TestSupport
import Testing

@Suite("Transport errors")
struct TransportErrorTests {
    private static let configMap = #"{"metadata":{"name":"x","resourceVersion":"7"}}"#

    private func client(_ server: ScriptedServer, retries: Int = 3) -> KubernetesClient {
        var options = ClientOptions()
        options.maximumRetryCount = retries
        return KubernetesClient(configuration: ClusterConfiguration(server: server.url), options: options)
    }

    private func read(_ client: KubernetesClient, deadline: Duration = .seconds(10)) async -> KubernetesError? {
        await failure { () async throws(KubernetesError) in
            try await client.get(ConfigMap.self, name: "x", deadline: deadline)
        }
    }

    private func write(_ client: KubernetesClient, deadline: Duration = .seconds(10)) async -> KubernetesError? {
        await failure { () async throws(KubernetesError) in
            try await client.mergePatch(ConfigMap.self, name: "x", body: ["data": ["a": "b"]], deadline: deadline)
        }
    }

    @Test func `too many requests is repeated after the time the server asks for, a write too`() async throws {
        let server = try ScriptedServer { connection in
            while let request = connection.readRequest() {
                if request.number % 2 == 1 {
                    connection.respond(429, headers: ["Retry-After: 1"])
                } else {
                    connection.respond(200, Self.configMap)
                }
            }
        }
        let client = client(server)
        for call in [read, write] {
            let startedAt = ContinuousClock.now
            #expect(await call(client, .seconds(10)) == nil)
            #expect(ContinuousClock.now - startedAt >= .seconds(1))
        }
        #expect(server.requests == 4)
    }

    @Test func `a pause longer than the deadline is not waited for`() async throws {
        let server = try ScriptedServer { connection in
            while connection.readRequest() != nil { connection.respond(429, headers: ["Retry-After: 30"]) }
        }
        let startedAt = ContinuousClock.now
        let error = try #require(await write(client(server), deadline: .seconds(25)))
        #expect(error.code == .tooManyRequests && error.retryAfter == .seconds(30) && error.isKnownNotApplied)
        #expect(ContinuousClock.now - startedAt < .seconds(20))
    }

    @Test func `a failing server is asked again for reads, never for writes`() async throws {
        let server = try ScriptedServer { connection in
            while connection.readRequest() != nil { connection.respond(500, "no JSON at all") }
        }
        let readError = try #require(await read(client(server, retries: 2)))
        #expect(readError.code == .serverError && !readError.isOutcomeUnknown)
        #expect(server.requests == 3)
        let writeError = try #require(await write(client(server)))
        #expect(writeError.isOutcomeUnknown && writeError.status == 500)
        #expect(server.requests == 4)
    }

    @Test func `a connection reset after a write was sent leaves its outcome unknown`() async throws {
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.reset()
        }
        let error = try #require(await write(client(server)))
        #expect(error.code == .connectionLost && error.isOutcomeUnknown)
        #expect(server.requests == 1)
    }

    @Test func `a write on a kept connection that dies unanswered is sent once only`() async throws {
        // libcurl by itself would repeat it on a new connection.
        let server = try ScriptedServer { connection in
            if connection.readRequest() != nil { connection.respond(200, Self.configMap) }
            if connection.readRequest() != nil { connection.close() }
        }
        let client = client(server)
        #expect(await write(client) == nil)
        let error = try #require(await write(client))
        #expect(error.isOutcomeUnknown)
        #expect(server.requests == 2 && server.connections <= 2)
        #expect(await read(client) == nil)
    }

    @Test func `a server that cannot be reached was sent nothing`() async throws {
        let port = try FreePorts.take(1)[0]
        for server in ["http://127.0.0.1:\(port)", "https://name.invalid:6443"] {
            let client = KubernetesClient(configuration: ClusterConfiguration(server: server))
            let error = try #require(await write(client, deadline: .seconds(4)))
            #expect(error.isKnownNotApplied && error.isRetryable, "\(error)")
        }
    }

    @Test func `a silent server costs the deadline and no more`() async throws {
        let server = try ScriptedServer { $0.waitForClose() }
        for (call, isUnknown) in [(read, false), (write, true)] {
            let startedAt = ContinuousClock.now
            let error = try #require(await call(client(server), .milliseconds(500)))
            let elapsed = ContinuousClock.now - startedAt
            #expect(error.code == .timeout && error.isOutcomeUnknown == isUnknown)
            #expect(elapsed >= .milliseconds(450) && elapsed < .seconds(6), "\(elapsed)")
        }
    }

    @Test func `a server that does not speak TLS was sent nothing`() async throws {
        let server = try ScriptedServer { $0.waitForClose() }
        var options = ClientOptions()
        options.connectTimeout = .milliseconds(300)
        let address = "https" + server.url.dropFirst(4)
        let client = KubernetesClient(configuration: ClusterConfiguration(server: address), options: options)
        let error = try #require(await write(client, deadline: .milliseconds(900)))
        #expect(error.isKnownNotApplied, "\(error)")
    }

    @Test func `a cancelled call ends at once`() async throws {
        let server = try ScriptedServer { $0.waitForClose() }
        let client = client(server)
        let call = Task { await write(client, deadline: .seconds(60)) }
        try await eventually { server.requests == 1 }
        let cancelledAt = ContinuousClock.now
        call.cancel()
        let error = try #require(await call.value)
        #expect(error.isCancelled && error.isOutcomeUnknown)
        #expect(ContinuousClock.now - cancelledAt < .seconds(10))
        let early = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await write(client, deadline: .seconds(60))
        }
        #expect(await early.value?.isCancelled == true)
    }

    @Test func `a client that is shut down fails its calls`() async throws {
        let server = try ScriptedServer { $0.waitForClose() }
        let client = client(server)
        let call = Task { await write(client, deadline: .seconds(60)) }
        try await eventually { server.requests == 1 }
        client.shutdown()
        #expect(await call.value?.isOutcomeUnknown == true)
        #expect(await write(client)?.isKnownNotApplied == true)
    }

    @Test(arguments: 0..<40)
    func `garbage instead of HTTP is an error and nothing worse`(seed: Int) async throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let prefix = ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", "HTTP/9"][seed % 4]
        let garbage = (0..<Int.random(in: 1...400, using: &generator)).map { _ in
            UInt8.random(in: 0...255, using: &generator)
        }
        let server = try ScriptedServer { connection in
            _ = connection.readRequest()
            connection.write(Array(prefix.utf8) + garbage)
        }
        #expect(await read(client(server, retries: 0), deadline: .seconds(5)) != nil)
    }

    @Test func `a header that would split the request is refused`() async throws {
        let server = try ScriptedServer { $0.waitForClose() }
        let client = KubernetesClient(
            configuration: ClusterConfiguration(server: server.url, credential: .token("a\r\nX-Evil: 1")))
        let error = try #require(await read(client))
        #expect(error.code == .invalidRequest && !"\(error)".contains("Evil"))
        #expect(server.requests == 0)
    }

    @Test func `a list whose snapshot is lost between pages starts again`() async throws {
        func page(_ name: String, next: String) -> String {
            #"{"metadata":{"resourceVersion":"9","continue":"\#(next)"},"items":[{"metadata":{"name":"\#(name)"}}]}"#
        }
        let first = page("a", next: "more")
        let second = page("b", next: "")
        let server = try ScriptedServer { connection in
            while let request = connection.readRequest() {
                switch request.number {
                case 1, 3: connection.respond(200, first)
                case 2: connection.respond(410, #"{"kind":"Status","reason":"Expired","code":410}"#)
                case _: connection.respond(200, second)
                }
            }
        }
        let list = try await client(server).list(ConfigMap.self)
        #expect(list.items.map(\.metadata.name) == ["a", "b"])
        #expect(server.requests == 4)
    }
}
