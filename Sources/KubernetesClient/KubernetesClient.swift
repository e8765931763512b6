import HTTPTransport
import Logging
import Synchronization

/// A client of one Kubernetes API server.
///
/// Every call has a total deadline. Reads are repeated within it when the server or the connection fails; writes only
/// when nothing was sent or the server answered 429. Whether a failed write may have landed is
/// ``KubernetesError/isOutcomeUnknown``.
///
/// Where a namespace may be left out: calls on one object then use the configuration's namespace, lists and watches
/// cover all namespaces.
public final class KubernetesClient: Sendable {
    public let configuration: ClusterConfiguration
    public let options: ClientOptions
    private let credentials: CredentialProvider
    private let transport: Mutex<HTTPTransport>

    /// Starts a transport with a thread and connections of its own; nothing is sent yet.
    public init(configuration: ClusterConfiguration, options: ClientOptions = ClientOptions()) {
        self.configuration = configuration
        self.options = options
        credentials = CredentialProvider(configuration.credential, tokenFileLifetime: options.tokenFileLifetime)
        transport = Mutex(HTTPTransport(configuration: options.transportConfiguration(for: configuration)))
    }

    /// Fails what is under way and ends the thread.
    public func shutdown() { transport.withLock { $0 }.shutdown() }

    func namespace(_ given: String?) -> String { given ?? configuration.namespace }

    // MARK: One call

    /// Sends a request, repeats it where that is safe, and gives the successful response's body.
    func perform(_ request: APIRequest, deadline: Duration?) async throws(KubernetesError) -> [UInt8] {
        try await retrying(request, end: .now + (deadline ?? options.deadline)) {
            (http, transport, remaining) async throws(HTTPTransportError) in
            let response = try await transport.send(http, deadline: remaining)
            return (response.head, response.body, response.body)
        }
    }

    /// Begins a watch: the response's head is here and says success.
    func openStream(
        _ request: APIRequest, idleTimeout: Duration
    ) async throws(KubernetesError) -> HTTPStreamResponse {
        try await retrying(request, end: .now + options.deadline) {
            (http, transport, remaining) async throws(HTTPTransportError) in
            let response = try await transport.stream(http, headDeadline: remaining, idleTimeout: idleTimeout)
            var body: [UInt8] = []
            if response.head.status >= 300 {
                for try await chunk in response.body where body.count < 64 << 10 { body += chunk }
            }
            return (response.head, body, response)
        }
    }

    private typealias Attempt<Response> =
        @Sendable (HTTPRequest, HTTPTransport, Duration) async throws(HTTPTransportError) -> (
            HTTPResponseHead, [UInt8], Response
        )

    private func retrying<Response: Sendable>(
        _ request: APIRequest, end: ContinuousClock.Instant, _ attempt: Attempt<Response>
    ) async throws(KubernetesError) -> Response {
        var retries = RetryPolicy(isWrite: request.verb.isWrite, maximumCount: options.maximumRetryCount)
        var hasRenewedCredential = false
        while true {
            let failure: KubernetesError
            do throws(KubernetesError) {
                return try await once(request, remaining: end - .now, attempt)
            } catch {
                failure = error
            }
            if failure.isUnauthorized, credentials.isRenewable, !hasRenewedCredential {
                hasRenewedCredential = true
                await credentials.invalidate()
                continue
            }
            guard let pause = retries.pause(after: failure), .now + pause < end else { throw failure }
            options.logger.debug("repeating a request", metadata: ["error": "\(failure)", "after": "\(pause)"])
            do {
                try await Task.sleep(for: pause)
            } catch {
                throw failure  // Cancelled while waiting: what is known about the request stands.
            }
        }
    }

    private func once<Response: Sendable>(
        _ request: APIRequest, remaining: Duration, _ attempt: Attempt<Response>
    ) async throws(KubernetesError) -> Response {
        let startedAt = ContinuousClock.now
        let credential = try await credentials.current(deadline: remaining)
        var http = HTTPRequest(
            method: request.verb.method, url: request.url(server: configuration.server), body: request.body)
        http.headers = [("Accept", request.accept), ("User-Agent", options.userAgent)]
        if request.body != nil { http.headers.append(("Content-Type", request.contentType)) }
        if let authorization = credential.authorization { http.headers.append(("Authorization", authorization)) }
        let head: HTTPResponseHead
        let body: [UInt8]
        let response: Response
        do throws(HTTPTransportError) {
            (head, body, response) = try await attempt(
                http, transport(for: credential), remaining - (.now - startedAt))
        } catch {
            let failure = KubernetesError(error, isWrite: request.verb.isWrite, subject: request.subject)
            observe(request, status: nil, error: failure.code, since: startedAt)
            throw failure
        }
        observe(request, status: head.status, error: nil, since: startedAt)
        guard head.status < 300 else {
            throw KubernetesError(
                status: head.status, headers: head.headers, body: body, isWrite: request.verb.isWrite,
                subject: request.subject)
        }
        return response
    }

    private func observe(
        _ request: APIRequest, status: Int?, error: KubernetesError.Code?, since start: ContinuousClock.Instant
    ) {
        options.observe?(
            RequestObservation(
                verb: request.verb.rawValue, resource: request.resource, status: status, error: error,
                duration: .now - start))
    }

    /// A plugin may hand out a new client certificate; connections belong to the one they were opened with.
    private func transport(for credential: ResolvedCredential) -> HTTPTransport {
        transport.withLock { current in
            guard let certificate = credential.clientCertificate,
                current.configuration.clientCertificate?.certificate != certificate.certificate
            else { return current }
            var configuration = current.configuration
            configuration.clientCertificate = certificate
            current = HTTPTransport(configuration: configuration)
            return current
        }
    }
}
