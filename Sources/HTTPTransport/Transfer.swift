import CLibCurl
import Glibc

/// One request under way. Touched by the transfer thread only.
final class Transfer {
    let identifier: TransferIdentifier
    let request: HTTPRequest
    let easy: UnsafeMutableRawPointer
    private let maximumByteCount: Int
    private let receiver: TransferReceiver
    private let noteActivity: () -> Void
    /// Kept alive until curl is done with them.
    var headerList: UnsafeMutablePointer<curl_slist>?
    var connectToList: UnsafeMutablePointer<curl_slist>?
    let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    /// When the transfer fails for want of activity; nil when curl watches the total deadline itself.
    private(set) var silenceDeadline: ContinuousClock.Instant?
    /// How often curl was about to send the request: more than once means it wants to repeat it by itself.
    private var attempts = 0
    /// Of the connection the request went out on.
    private(set) var localPort: UInt16?
    private var head = HTTPResponseHead(status: 0)
    private var isHeadDelivered = false
    private var body: [UInt8] = []
    /// Set when a callback refuses to go on; says why better than curl's code.
    private var refusal: HTTPTransportError?
    private var isFinished = false
    let startedAt: ContinuousClock.Instant

    init(
        identifier: TransferIdentifier, request: HTTPRequest, receiver: TransferReceiver,
        easy: UnsafeMutableRawPointer, maximumByteCount: Int, noteActivity: @escaping () -> Void
    ) {
        self.identifier = identifier
        self.request = request
        self.receiver = receiver
        self.easy = easy
        self.maximumByteCount = maximumByteCount
        self.noteActivity = noteActivity
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        startedAt = .now
        if case .stream(_, _, let headDeadline, _) = receiver { silenceDeadline = startedAt + headDeadline }
    }

    deinit {
        curl_slist_free_all(headerList)
        curl_slist_free_all(connectToList)
        errorText.deallocate()
    }

    /// Total deadline that curl keeps; a stream has none.
    var totalDeadline: Duration? {
        guard case .whole(_, let deadline) = receiver else { return nil }
        return deadline
    }

    /// Whether the server may have seen the request.
    var mayHaveBeenSent: Bool { attempts > 0 && matriarch_curl_get_long(easy, CURLINFO_REQUEST_SIZE) > 0 }

    /// How much of its answer curl has given this transfer so far, headers included; what waits for a slow reader counts.
    var byteCountGiven: Int64 {
        matriarch_curl_get_offset(easy, CURLINFO_SIZE_DOWNLOAD_T)
            &+ Int64(matriarch_curl_get_long(easy, CURLINFO_HEADER_SIZE))
    }

    /// A paused stream is silent because of its reader.
    func extendSilenceWhilePaused(now: ContinuousClock.Instant) {
        guard case .stream(let reference, _, _, let idleTimeout) = receiver, isHeadDelivered,
            let stream = reference.stream, stream.isPaused
        else { return }
        silenceDeadline = now + idleTimeout
    }

    // MARK: Called by curl

    /// libcurl repeats any request on its own when a kept connection turns out dead; for a write that may have been
    /// seen that is not its decision to make.
    func mayBeginRequest(localPort: UInt16) -> Bool {
        if attempts > 0, request.method != .get {
            refusal = HTTPTransportError(
                code: .connectionLost, mayHaveBeenSent: true, message: "the connection was closed without an answer")
            return false
        }
        attempts += 1
        self.localPort = localPort
        return true
    }

    func receiveHeader(_ line: UnsafeBufferPointer<UInt8>) {
        noteActivity()
        let text = String(decoding: line, as: UTF8.self)
        if text.hasPrefix("HTTP/") {
            let status = text.split(separator: " ", maxSplits: 2).dropFirst().first
            head = HTTPResponseHead(status: status.flatMap { Int($0.prefix(3)) } ?? 0)
        } else if let colon = text.firstIndex(of: ":") {
            let value = text[text.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            head.headers[text[..<colon].lowercased()] = String(
                value.reversed().drop { $0.isWhitespace || $0.isNewline }.reversed())
        } else if text.allSatisfy({ $0.isNewline }), head.status >= 200 {
            deliverHead()
        }
    }

    private func deliverHead() {
        guard case .stream(_, let continuation, _, let idleTimeout) = receiver, !isHeadDelivered else { return }
        isHeadDelivered = true
        silenceDeadline = .now + idleTimeout
        continuation.resume(returning: .success(head))
    }

    /// Returns what curl's write callback is to return.
    func receiveBody(_ data: UnsafeBufferPointer<UInt8>) -> Int {
        noteActivity()
        switch receiver {
        case .whole:
            guard body.count + data.count <= maximumByteCount else {
                refusal = HTTPTransportError(
                    code: .responseTooLarge, mayHaveBeenSent: true,
                    message: "the response is larger than \(maximumByteCount) bytes")
                return 0
            }
            body.append(contentsOf: data)
            return data.count
        case .stream(let reference, _, _, let idleTimeout):
            guard let stream = reference.stream else { return 0 }
            silenceDeadline = .now + idleTimeout
            return stream.offer(data) ? data.count : matriarch_curl_pause_write
        }
    }

    // MARK: Ends

    func finish(code: CURLcode) {
        guard code != CURLE_OK else {
            guard head.status >= 200 else {
                fail(.init(code: .invalidResponse, mayHaveBeenSent: true, message: "the answer is not HTTP"))
                return
            }
            succeed()
            return
        }
        fail(refusal ?? HTTPTransportError(curl: code, text: errorText, mayHaveBeenSent: mayHaveBeenSent))
    }

    private func succeed() {
        guard !isFinished else { return }
        isFinished = true
        switch receiver {
        case .whole(let continuation, _):
            continuation.resume(returning: .success(HTTPResponse(head: head, body: body)))
        case .stream(let reference, _, _, _):
            deliverHead()
            reference.stream?.finish(.success(()))
        }
    }

    func fail(_ error: HTTPTransportError) {
        guard !isFinished else { return }
        isFinished = true
        switch receiver {
        case .whole(let continuation, _):
            continuation.resume(returning: .failure(error))
        case .stream(let reference, let continuation, _, _):
            if !isHeadDelivered {
                isHeadDelivered = true
                continuation.resume(returning: .failure(error))
            }
            reference.stream?.finish(.failure(error))
        }
    }

    /// Ends a stream that was silent for too long.
    func failForSilence() {
        if isHeadDelivered {
            fail(.idleTimeout, "the stream stayed silent past its idle timeout")
        } else {
            fail(.timeout, "no response before the deadline")
        }
    }

    func fail(_ code: HTTPTransportError.Code, _ message: String) {
        fail(HTTPTransportError(code: code, mayHaveBeenSent: mayHaveBeenSent, message: message))
    }
}

extension HTTPTransportError {
    init(curl code: CURLcode, text: UnsafePointer<CChar>, mayHaveBeenSent: Bool) {
        let detail = String(cString: text)
        let message = detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
        self.init(code: Code(curl: code), mayHaveBeenSent: mayHaveBeenSent, message: message)
    }
}

extension HTTPTransportError.Code {
    fileprivate init(curl code: CURLcode) {
        switch code {
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_FUNCTION_ARGUMENT: self = .invalidRequest
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: self = .resolveFailed
        case CURLE_COULDNT_CONNECT: self = .connectFailed
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_CIPHER, CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ISSUER_ERROR:
            self = .tlsFailed
        case CURLE_OPERATION_TIMEDOUT: self = .timeout
        case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING: self = .invalidResponse
        case _: self = .connectionLost
        }
    }
}
