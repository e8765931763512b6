@preconcurrency import Dispatch
import Fence
import HTTPTransport
import KubernetesClient
import Synchronization
import TestSupport
import Units

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

    private let server: ScriptedServer
    private let route: Route

    /// Writes that arrived here so far.
    var writeCount: Int { route.arrivals.count }
    /// When the first of them had arrived whole; nil before.
    var firstWriteAt: BootInstant? { route.arrivals.first }

    /// - Parameter fate: of each write, counted from 1. Reads are always answered.
    init(before controlPlane: ControlPlane, fate: @escaping @Sendable (Int) -> Fate) throws {
        let route = Route(controlPlane: controlPlane, fate: fate)
        self.route = route
        server = try ScriptedServer { route.serve($0) }
    }

    deinit { route.transport.shutdown() }

    func client() -> KubernetesClient {
        KubernetesClient(configuration: ClusterConfiguration(server: server.url))
    }
}

/// The way from the client to the API server; shared with the threads of the connections.
private final class Route: Sendable {
    let transport: HTTPTransport
    private let controlPlane: ControlPlane
    private let fate: @Sendable (Int) -> LossyServer.Fate
    private let writes = Mutex<[BootInstant]>([])

    var arrivals: [BootInstant] { writes.withLock { $0 } }

    init(controlPlane: ControlPlane, fate: @escaping @Sendable (Int) -> LossyServer.Fate) {
        self.controlPlane = controlPlane
        self.fate = fate
        var configuration = HTTPTransportConfiguration()
        configuration.serverTrust = .authorityFile(controlPlane.authorityPath)
        transport = HTTPTransport(configuration: configuration)
    }

    func serve(_ connection: ServedConnection) {
        while let request = connection.readRequest() {
            switch request.method == "GET" ? .answered : fate(countWrite()) {
            case .answered:
                guard let response = forward(request) else { return }
                connection.respond(response.head.status, response.body)
            case .requestLost:
                return
            case .answerLost(let meanwhile):
                guard forward(request) != nil else { return }
                _ = wait(for: meanwhile)
                return
            case .refused(let status):
                connection.respond(status, Array("busy".utf8))
            }
        }
    }

    private func countWrite() -> Int {
        writes.withLock { arrivals in
            arrivals.append(BootClock.now())
            return arrivals.count
        }
    }

    private func forward(_ request: ServedRequest) -> HTTPResponse? {
        guard let method = HTTPRequest.Method(rawValue: request.method) else { return nil }
        let forwarded = HTTPRequest(
            method: method, url: controlPlane.server + request.path,
            headers: [
                ("Authorization", "Bearer \(controlPlane.adminToken)"),
                ("Content-Type", request.contentType ?? "application/json"), ("Accept", "application/json"),
            ], body: request.body.isEmpty ? nil : request.body)
        let transport = transport
        return wait { try await transport.send(forwarded, deadline: .seconds(10)) }
    }

    /// From a thread of the connection's own, which may block.
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
}

/// A value another thread leaves.
private final class Box<Value: Sendable>: Sendable {
    private let content = Mutex<Value?>(nil)

    var value: Value? { content.withLock { $0 } }
    func set(_ value: Value) { content.withLock { $0 = value } }
}
