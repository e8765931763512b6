import NIOCore
import NIOHTTPTypes

/// One connection's part in ``OpenConnections``, and its patience with a client that begins a request and does not end it.
final class ConnectionKeeper: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let connections: OpenConnections
    private let patience: TimeAmount
    private var deadline: Scheduled<Void>?
    /// Requests that have arrived as a whole, and answers that have been given. One to half a request is counted before it.
    private var arrived = 0
    private var answered = 0

    init(_ connections: OpenConnections, patience: TimeAmount) {
        self.connections = connections
        self.patience = patience
    }

    func channelActive(context: ChannelHandlerContext) {
        connections.opened(context.channel)
        expect(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        connections.closed(context.channel)
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head: expect(context)
        case .body: break
        case .end:
            deadline?.cancel()
            arrived += 1
            connections.note(context.channel, isBusy: arrived > answered)
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            answered += 1
            connections.note(context.channel, isBusy: arrived > answered)
        }
        context.write(data, promise: promise)
    }

    /// Closes the connection unless what it is about to send is there in time, however often it sends a byte of it.
    private func expect(_ context: ChannelHandlerContext) {
        deadline?.cancel()
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
    }
}
