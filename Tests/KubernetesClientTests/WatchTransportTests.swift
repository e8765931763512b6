import HTTPTransport
import KubernetesClient
import KubernetesModels
import SeededChance
import Synchronization
import TestSupport
import Testing

@Suite("Watches over a misbehaving connection")
struct WatchTransportTests {
    private static let lines = [
        #"{"type":"ADDED","object":{"metadata":{"name":"größe","resourceVersion":"1"}}}"#,
        #"{"type":"MODIFIED","object":{"metadata":{"name":"b","resourceVersion":"2"},"data":{"k":"\n"}}}"#,
        #"{"type":"FUTURE","object":{"anything":1}}"#,
        #"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"3"}}}"#,
        #"{"type":"DELETED","object":{"metadata":{"name":"b","resourceVersion":"4"}}}"#,
    ]

    private static func describe(_ event: WatchEvent<ConfigMap>) -> String {
        switch event {
        case .added(let object): "added \(object.metadata.name ?? "")"
        case .modified(let object): "modified \(object.metadata.name ?? "")"
        case .deleted(let object): "deleted \(object.metadata.name ?? "")"
        case .bookmark(let version): "bookmark \(version)"
        }
    }

    private func collect(
        _ server: ScriptedServer, timeout: Duration = .seconds(10)
    ) async -> (events: [String], error: KubernetesError?) {
        let client = KubernetesClient(configuration: ClusterConfiguration(server: server.url))
        var events: [String] = []
        do {
            for try await event in client.watch(ConfigMap.self, timeout: timeout) {
                events.append(Self.describe(event))
            }
            return (events, nil)
        } catch {
            return (events, error as? KubernetesError)
        }
    }

    @Test(arguments: [1, 2, 3, 7, 64, 1000])
    func `lines are put together however the bytes are cut`(size: Int) async throws {
        let bytes = Array(Self.lines.joined(separator: "\n").utf8) + [0x0A]
        let server = try ScriptedServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.beginChunked()
            for start in stride(from: 0, to: bytes.count, by: size) {
                connection.writeChunk(bytes[start..<min(start + size, bytes.count)])
            }
            connection.endChunked()
        }
        let (events, error) = await collect(server)
        #expect(events == ["added größe", "modified b", "bookmark 3", "deleted b"])
        #expect(error == nil)
    }

    @Test func `an expired version within the stream is gone`() async throws {
        let status = #"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}"#
        let server = try ScriptedServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.beginChunked()
            connection.writeChunk(Array((Self.lines[0] + "\n" + status + "\n").utf8))
            connection.waitForClose()
        }
        let (events, error) = await collect(server)
        #expect(events == ["added größe"])
        #expect(error?.isGone == true)
    }

    @Test func `a connection lost in the middle of a line delivers what was whole and then fails`() async throws {
        let server = try ScriptedServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.beginChunked()
            connection.writeChunk(Array((Self.lines[0] + "\n" + Self.lines[1].prefix(30)).utf8))
            connection.close()
        }
        let (events, error) = await collect(server)
        #expect(events == ["added größe"])
        #expect(error?.code == .connectionLost)
    }

    @Test func `a stream that falls silent times out`() async throws {
        let server = try ScriptedServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.beginChunked()
            connection.writeChunk(Array((Self.lines[0] + "\n").utf8))
            connection.waitForClose()
        }
        let transport = HTTPTransport()
        let response = try await transport.stream(
            HTTPRequest(url: server.url), headDeadline: .seconds(5), idleTimeout: .milliseconds(300))
        let error = await #expect(throws: HTTPTransportError.self) {
            for try await _ in response.body {}
        }
        #expect(error?.code == .idleTimeout)
    }

    @Test(arguments: 0..<30)
    func `garbage in a watch is an error and nothing worse`(seed: Int) async throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        var bytes = Array(Self.lines.joined(separator: "\n").utf8)
        for _ in 0..<(1 + seed) {
            let index = bytes.indices.randomElement(using: &generator) ?? 0
            bytes[index] = UInt8.random(in: 0...255, using: &generator)
        }
        let content = bytes + [0x0A]
        let server = try ScriptedServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.beginChunked()
            connection.writeChunk(content)
            connection.endChunked()
        }
        let (events, error) = await collect(server)
        #expect(error != nil || events.count <= Self.lines.count)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a reader that does not read holds the server back, and then misses nothing`() async throws {
        let offered = 64 << 20
        let taken = Mutex<Int?>(nil)
        let server = try ScriptedServer { connection in
            guard connection.readRequest() != nil else { return }
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(offered)\r\n\r\n")
            var count = connection.writeFiller(count: offered)
            let heldBackAt = count
            taken.withLock { $0 = heldBackAt }
            // The reader begins some time after.
            for _ in 0..<100 where count < offered { count += connection.writeFiller(count: offered - count) }
        }
        let transport = HTTPTransport()
        let response = try await transport.stream(
            HTTPRequest(url: server.url), headDeadline: .seconds(5), idleTimeout: .seconds(20))
        let before = try await eventually(within: .seconds(20), "the server is held back") {
            taken.withLock { $0 }
        } until: {
            $0 != nil
        }
        #expect((before ?? .max) < 16 << 20)
        var count = 0
        for try await chunk in response.body { count += chunk.count }
        #expect(count == offered)
    }
}
