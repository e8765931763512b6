import ClusterRecords
import HTTPTypes
import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// A small HTTP server for probes and scrapers: the agent's REST interface and the operator's.
///
/// One event loop thread serves everything; answers come from memory, so a probe never waits for PostgreSQL or the API
/// server.
public struct StatusServer: Sendable {
    public typealias Responder = @Sendable (StatusRequest) async -> StatusResponse

    private let hosts: [String]
    private let port: Int
    private let limits: ServerLimits
    private let logger: Logger
    private let onListening: @Sendable (Int) async -> Void
    private let responder: Responder

    /// - Parameters:
    ///   - host: address to listen on; nil: all of this machine's, of both families.
    ///   - port: 0 takes a free one.
    ///   - limits: of its clients.
    ///   - onListening: called with the port once connections are accepted.
    ///   - responder: answers every request; HEAD and OPTIONS get its status without the body.
    public init(
        host: String? = nil, port: Int, limits: ServerLimits = ServerLimits(), logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in }, responder: @escaping Responder
    ) {
        hosts = host.map { [$0] } ?? ListeningAddress.everywhere()
        self.port = port
        self.limits = limits
        self.logger = logger
        self.onListening = onListening
        self.responder = responder
    }

    /// Serves a fixed set of paths; 404 for any other, 405 for a method that would change something.
    public init(
        host: String? = nil, port: Int, logger: Logger,
        onListening: @escaping @Sendable (Int) async -> Void = { _ in },
        routes: [String: @Sendable () async -> StatusResponse]
    ) {
        self.init(host: host, port: port, logger: logger, onListening: onListening) { request in
            guard request.method == .get || request.method == .statusOnly else {
                return .text("method not allowed\n", status: 405)
            }
            guard let route = routes[request.path] else { return .text("not found\n", status: 404) }
            return await route()
        }
    }

    /// Listens until the task is cancelled; requests under way are answered first.
    ///
    /// - Throws: when the address cannot be bound.
    public func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let connections = OpenConnections(limit: limits.connections)
        let channel = HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionKeeper(connections, patience: TimeAmount(limits.patience))],
            // A client that connects and says nothing must not keep a connection for ever.
            idleTimeout: TimeAmount(limits.idleTime),
            httpDecoderConfiguration: HTTP1Channel.Configuration.DecoderConfiguration(
                maxHeaderFieldSize: limits.head, maxHeaderListSize: limits.head, maxHeaderFieldCount: 100))
        let applications = hosts.map { host in
            Application(
                responder: CallbackResponder { (request: Request, context: ClientContext) in
                    let wanted = try await StatusRequest(request, from: context.address, longestBody: limits.body)
                    return Response(await responder(wanted), statusOnly: wanted.method == .statusOnly)
                },
                server: .http1(configuration: channel),
                configuration: ApplicationConfiguration(
                    address: .hostname(host, port: port), serverName: "Matriarch", backlog: 64),
                onServerRunning: { channel in await onListening(channel.localAddress?.port ?? port) },
                eventLoopGroupProvider: .shared(group), logger: quiet)
        }
        let services = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: applications, logger: quiet))
        // Cancelling NIO's server drops connections that were accepted and not yet looked at, which it answers with a trap;
        // an agent that traps takes its database down. So a cancellation becomes a graceful shutdown: the task that serves
        // is not the one that gets cancelled, and it is always awaited here.
        let serving = Task { try await services.run() }
        let result = await withTaskCancellationHandler {
            await serving.result
        } onCancel: {
            Task { await services.triggerGracefulShutdown() }
        }
        try await group.shutdownGracefully()
        try result.get()
    }
}

/// Knows who asks.
private struct ClientContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let address: String?

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        let mapped = "::ffff:"
        let address = source.channel.remoteAddress?.ipAddress
        // A socket of both families shows an IPv4 address in this dress.
        self.address = address.map { $0.hasPrefix(mapped) ? String($0.dropFirst(mapped.count)) : $0 }
    }
}

extension StatusRequest {
    /// - Throws: an HTTP error for a body that is too long.
    init(_ request: Request, from address: String?, longestBody: Int) async throws {
        let method: Method =
            switch request.method {
            case .get: .get
            case .head, .options: .statusOnly
            case .post: .post
            case _: .other
            }
        var query: [String: String] = [:]
        for (name, value) in request.uri.queryParameters where query[String(name)] == nil {
            query[String(name)] = String(value)
        }
        let body = method == .post ? String(buffer: try await request.body.collect(upTo: longestBody)) : ""
        self.init(
            method: method, path: request.uri.path, query: query, body: body, target: request.uri.string,
            proof: HTTPField.Name(PeerHeader.proof).flatMap { request.headers[$0] }, remoteAddress: address)
    }
}

extension Response {
    init(_ answer: StatusResponse, statusOnly: Bool) {
        var headers = HTTPFields()
        for (name, value) in answer.headers {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        guard !statusOnly, !answer.body.isEmpty else {
            self.init(status: HTTPResponse.Status(code: answer.status), headers: headers)
            return
        }
        if let contentType = answer.contentType { headers[.contentType] = contentType }
        self.init(
            status: HTTPResponse.Status(code: answer.status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(string: answer.body)))
    }
}
