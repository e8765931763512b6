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
        // Without hummingbird's `Application`, which works out the header Date every second, asked or not: that alone woke an
        // idle member sixty times a minute.
        let responder = responder
        let servers = try hosts.map { host in
            try HTTPServerBuilder.http1(configuration: channel).buildServer(
                configuration: ServerConfiguration(
                    address: .hostname(host, port: port), serverName: Self.serverName, backlog: 64),
                eventLoopGroup: group, logger: quiet
            ) { [limits] request, writer, channel in
                let answer = try await Self.answer(
                    request, from: channel.clientAddress, longestBody: limits.body, by: responder)
                try await writer.write(response: answer.head, body: answer.body)
            } onServerRunning: { [onListening, port] channel in
                await onListening(channel.localAddress?.port ?? port)
            }
        }
        let services = ServiceGroup(configuration: ServiceGroupConfiguration(services: servers, logger: quiet))
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

    private static let serverName = "Matriarch"

    /// - Throws: what came of reading the request; what is no HTTP is told so, and the connection closed.
    private static func answer(
        _ request: Request, from address: String?, longestBody: Int, by responder: Responder
    ) async throws -> Response {
        var answer: Response
        do {
            let wanted = try await StatusRequest(request, from: address, longestBody: longestBody)
            answer = Response(await responder(wanted), statusOnly: wanted.method == .statusOnly)
        } catch is NIOTooManyBytesError {
            answer = Response(status: .internalServerError)
        }
        answer.headers[.date] = HTTPDate.now
        answer.headers[.server] = serverName
        return answer
    }
}

extension Channel {
    /// Who asks.
    fileprivate var clientAddress: String? {
        let mapped = "::ffff:"
        let address = remoteAddress?.ipAddress
        // A socket of both families shows an IPv4 address in this dress.
        return address.map { $0.hasPrefix(mapped) ? String($0.dropFirst(mapped.count)) : $0 }
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
        let body = method == .post ? String(buffer: try await request.body.collect(upTo: longestBody)) : ""
        self.init(
            method: method, path: request.uri.path, query: QueryString.values(of: request.uri.query ?? ""),
            body: body, target: request.uri.string,
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
