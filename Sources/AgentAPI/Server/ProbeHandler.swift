import NIOCore

/// One connection with one probe: reads a request's head, answers it and closes.
///
/// It speaks as much of HTTP as a kubelet does, without a body and without a second request, so that there is little in it to
/// hold up or to get wrong.
final class ProbeHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Of a request's head, in bytes. A kubelet sends some 150.
    private static let longest = 4096

    private let connections: OpenConnections
    private let patience: TimeAmount
    private let passes: (String) -> Bool?
    private var head = ByteBuffer()
    private var isAnswered = false
    private var deadline: Scheduled<Void>?

    /// - Parameters:
    ///   - patience: until the whole head is there, and until the answer is taken.
    ///   - passes: the answer to a path; nil: there is no such probe.
    init(_ connections: OpenConnections, patience: TimeAmount, passes: @escaping (String) -> Bool?) {
        self.connections = connections
        self.patience = patience
        self.passes = passes
    }

    func channelActive(context: ChannelHandlerContext) {
        connections.opened(context.channel)
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        connections.closed(context.channel)
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isAnswered else { return }
        var piece = unwrapInboundIn(data)
        head.writeBuffer(&piece)
        let bytes = head.readableBytesView
        if bytes.count > Self.longest { return answer(431, context) }
        guard let line = Self.requestLine(of: bytes) else { return }
        answer(status(of: line), context)
    }

    /// A connection that breaks is closed, whatever broke it.
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// - Returns: nil until the head is complete.
    private static func requestLine(of bytes: ByteBufferView) -> String? {
        var ends = 0
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\n"): ends += 1
            case UInt8(ascii: "\r"): continue
            case _: ends = 0
            }
            guard ends == 2 else { continue }
            return String(
                decoding: bytes.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        }
        return nil
    }

    private func status(of line: String) -> Int {
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, words[2].hasPrefix("HTTP/1.") else { return 400 }
        guard words[0] == "GET" || words[0] == "HEAD" else { return 405 }
        guard let passes = passes(String(words[1])) else { return 404 }
        return passes ? 200 : 503
    }

    private func answer(_ status: Int, _ context: ChannelHandlerContext) {
        isAnswered = true
        let text = "HTTP/1.1 \(status) \(Self.phrase(status))\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text))).whenComplete { _ in
            channel.close(promise: nil)
        }
    }

    private static func phrase(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 400: "Bad Request"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 431: "Request Header Fields Too Large"
        case _: "Service Unavailable"
        }
    }
}
