import CLibCurl
import Glibc

extension Transfer {
    /// Sets every option of the handle. Returns why not, when the request cannot be expressed.
    func configure(_ configuration: HTTPTransportConfiguration, secrets: PinnedSecrets, sockets: OpenSockets) -> String?
    {
        guard isExpressible else { return "a header or the URL holds a control character" }
        setCallbacks()
        setSocketCallbacks(sockets)
        setRequest()
        setConnection(configuration)
        setTrust(configuration, secrets: secrets)
        return nil
    }

    private var isExpressible: Bool {
        func isClean(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }
        return isClean(request.url) && request.headers.allSatisfy { isClean($0.name) && isClean($0.value) }
    }

    private func set(_ option: CURLoption, _ value: Int) { _ = matriarch_curl_set_long(easy, option, value) }
    private func set(_ option: CURLoption, _ value: String?) { _ = matriarch_curl_set_string(easy, option, value) }

    private func setCallbacks() {
        let context = Unmanaged.passUnretained(self).toOpaque()
        for option in [CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_PREREQDATA, CURLOPT_PRIVATE] {
            _ = matriarch_curl_set_pointer(easy, option, context)
        }
        _ = matriarch_curl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText)
        _ = matriarch_curl_set_data_callback(easy, CURLOPT_WRITEFUNCTION) { data, size, count, context in
            Transfer.from(context)?.receiveBody(Transfer.bytes(data, size * count)) ?? 0
        }
        _ = matriarch_curl_set_data_callback(easy, CURLOPT_HEADERFUNCTION) { data, size, count, context in
            Transfer.from(context)?.receiveHeader(Transfer.bytes(data, size * count))
            return size * count
        }
        _ = matriarch_curl_set_prerequest_callback(easy) { context, _, _, _, localPort in
            Transfer.from(context)?.mayBeginRequest(localPort: UInt16(truncatingIfNeeded: localPort)) == true
                ? matriarch_curl_prerequest_continue : matriarch_curl_prerequest_abort
        }
    }

    /// The sockets outlive this transfer: connections are kept.
    private func setSocketCallbacks(_ sockets: OpenSockets) {
        let context = Unmanaged.passUnretained(sockets).toOpaque()
        _ = matriarch_curl_set_pointer(easy, CURLOPT_SOCKOPTDATA, context)
        _ = matriarch_curl_set_pointer(easy, CURLOPT_CLOSESOCKETDATA, context)
        _ = matriarch_curl_set_socket_callback(easy) { context, descriptor, _ in
            if let context { Unmanaged<OpenSockets>.fromOpaque(context).takeUnretainedValue().opened(descriptor) }
            return 0
        }
        _ = matriarch_curl_set_close_callback(easy) { context, descriptor in
            if let context { Unmanaged<OpenSockets>.fromOpaque(context).takeUnretainedValue().close(descriptor) }
            return 0
        }
    }

    private func setRequest() {
        set(CURLOPT_URL, request.url)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        if let body = request.body {
            set(CURLOPT_POST, 1)
            body.withUnsafeBytes { bytes in
                // An empty body still needs an address: curl takes NULL for "no body".
                withUnsafePointer(to: UInt8(0)) { empty in
                    _ = matriarch_curl_set_body(easy, bytes.baseAddress ?? UnsafeRawPointer(empty), bytes.count)
                }
            }
        } else {
            set(CURLOPT_HTTPGET, 1)
        }
        if request.method != .get || request.body != nil { set(CURLOPT_CUSTOMREQUEST, request.method.rawValue) }
        // No `Expect: 100-continue`: a server that ignores it would cost a second per large write.
        headerList = curl_slist_append(headerList, "Expect:")
        for header in request.headers {
            headerList = curl_slist_append(headerList, "\(header.name): \(header.value)")
        }
        _ = matriarch_curl_set_list(easy, CURLOPT_HTTPHEADER, headerList)
    }

    /// The URL keeps the name to verify, and curl is told to connect elsewhere.
    private func setServerName(_ name: String?) {
        guard let name, let target = URLAuthority(url: request.url) else { return }
        set(CURLOPT_URL, target.url(withHost: name))
        connectToList = curl_slist_append(nil, "\(name):\(target.port):\(target.host):\(target.port)")
        _ = matriarch_curl_set_list(easy, CURLOPT_CONNECT_TO, connectToList)
    }

    private func setConnection(_ configuration: HTTPTransportConfiguration) {
        setServerName(configuration.tlsServerName)
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        set(CURLOPT_CONNECTTIMEOUT_MS, configuration.connectTimeout.wholeMilliseconds)
        if let totalDeadline { set(CURLOPT_TIMEOUT_MS, max(1, totalDeadline.wholeMilliseconds)) }
        set(CURLOPT_TCP_NODELAY, 1)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        let keepaliveSeconds = max(1, configuration.keepaliveInterval.wholeMilliseconds / 1000)
        set(CURLOPT_TCP_KEEPIDLE, keepaliveSeconds)
        set(CURLOPT_TCP_KEEPINTVL, keepaliveSeconds)
        set(CURLOPT_PROXY, configuration.proxyURL ?? "")
        set(
            CURLOPT_HTTP_VERSION,
            configuration.forcesHTTP1
                ? matriarch_curl_http_version_1_1 : matriarch_curl_http_version_2_over_tls)
        // Wait for a connection being opened to turn out as HTTP/2 rather than open one more.
        set(CURLOPT_PIPEWAIT, configuration.forcesHTTP1 ? 0 : 1)
    }

    private func setTrust(_ configuration: HTTPTransportConfiguration, secrets: PinnedSecrets) {
        set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        switch configuration.serverTrust {
        case .system: break
        case .authorityFile(let path):
            set(CURLOPT_CAINFO, path)
            set(CURLOPT_CAPATH, nil)
        case .authority:
            setBlob(CURLOPT_CAINFO_BLOB, secrets.authority)
            set(CURLOPT_CAPATH, nil)
        case .none:
            set(CURLOPT_SSL_VERIFYPEER, 0)
            set(CURLOPT_SSL_VERIFYHOST, 0)
        }
        if configuration.clientCertificate != nil {
            set(CURLOPT_SSLCERTTYPE, "PEM")
            set(CURLOPT_SSLKEYTYPE, "PEM")
            setBlob(CURLOPT_SSLCERT_BLOB, secrets.certificate)
            setBlob(CURLOPT_SSLKEY_BLOB, secrets.key)
        }
    }

    private func setBlob(_ option: CURLoption, _ bytes: UnsafeMutableBufferPointer<UInt8>) {
        _ = matriarch_curl_set_blob(easy, option, bytes.baseAddress, bytes.count)
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }

    private static func bytes(_ data: UnsafeMutablePointer<CChar>?, _ count: Int) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: UnsafeRawPointer(data)?.assumingMemoryBound(to: UInt8.self), count: count)
    }
}

extension Duration {
    /// Rounded up, so that a short duration never becomes "none"; clamped to what curl's `long` of 32 bits takes.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        let scaled = seconds.multipliedReportingOverflow(by: 1000)
        if scaled.overflow { return seconds < 0 ? 0 : Int(Int32.max) }
        let total = scaled.partialValue.addingReportingOverflow(
            (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
        return total.overflow ? Int(Int32.max) : Int(min(max(total.partialValue, 0), Int64(Int32.max)))
    }
}
