/// HTTP over libcurl: one multi handle on one thread of its own, so that many requests and watches share connections
/// and none of them occupies a thread of the cooperative pool.
///
/// A transport made for one purpose (the lock) shares neither connection nor thread with any other. Redirects are not
/// followed, cookies and proxies from the environment are not used, and a request that may have been sent is repeated
/// by nobody: neither here nor inside libcurl, unless it is a GET.
public final class HTTPTransport: Sendable {
    public let configuration: HTTPTransportConfiguration
    private let mailbox: TransferMailbox

    /// Starts the thread. The last reference dropped ends it.
    public init(configuration: HTTPTransportConfiguration = HTTPTransportConfiguration()) {
        self.configuration = configuration
        mailbox = TransferMailbox()
        TransferThread.start(configuration: configuration, mailbox: mailbox)
    }

    deinit { mailbox.stop() }

    /// Sends a request and waits for the whole response, whatever its status.
    ///
    /// - Parameter deadline: total, from now: name resolution, connection, TLS, request and response.
    /// - Cancellation: aborts the transfer; the error says whether the request may have been sent.
    /// - Throws: ``HTTPTransportError``; `mayHaveBeenSent` gives the state of the world.
    public func send(_ request: HTTPRequest, deadline: Duration) async throws(HTTPTransportError) -> HTTPResponse {
        let identifier = mailbox.nextIdentifier()
        let mailbox = mailbox
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if !mailbox.post(.start(identifier, request, .whole(continuation, deadline: deadline))) {
                    continuation.resume(returning: .failure(Self.isShutDown))
                }
                // Cancelled before the transfer was known: the handler's own command came too early.
                if Task.isCancelled { mailbox.post(.cancel(identifier)) }
            }
        } onCancel: {
            mailbox.post(.cancel(identifier))
        }
        return try result.get()
    }

    /// Sends a request and returns as soon as the response's head is here; the body follows as a stream.
    ///
    /// - Parameters:
    ///   - headDeadline: total time until the head.
    ///   - idleTimeout: longest silence within the body.
    /// - Cancellation: aborts the transfer, now or while the body is read.
    public func stream(
        _ request: HTTPRequest, headDeadline: Duration, idleTimeout: Duration
    ) async throws(HTTPTransportError) -> HTTPStreamResponse {
        let identifier = mailbox.nextIdentifier()
        let mailbox = mailbox
        let body = HTTPBodyStream(
            mailbox: mailbox, transfer: identifier, limit: configuration.streamBufferByteCount)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let receiver = TransferReceiver.stream(
                    HTTPBodyReference(stream: body), head: continuation, headDeadline: headDeadline,
                    idleTimeout: idleTimeout)
                if !mailbox.post(.start(identifier, request, receiver)) {
                    continuation.resume(returning: .failure(Self.isShutDown))
                }
                // Cancelled before the transfer was known: the handler's own command came too early.
                if Task.isCancelled { mailbox.post(.cancel(identifier)) }
            }
        } onCancel: {
            mailbox.post(.cancel(identifier))
        }
        return HTTPStreamResponse(head: try result.get(), body: body)
    }

    /// Fails what is under way and ends the thread. Requests from now on fail with `.shutdown`.
    public func shutdown() { mailbox.stop() }

    private static let isShutDown = HTTPTransportError(
        code: .shutdown, mayHaveBeenSent: false, message: "the transport was shut down")
}
