import HTTPTransport
public import Logging

/// How a client behaves. Each client opens connections and a thread of its own.
public struct ClientOptions: Sendable {
    public var userAgent: String = "matriarch"
    /// Total time per call, retries and waits included, unless the call says otherwise.
    public var deadline: Duration = .seconds(10)
    /// Repeats of a call within its deadline, for errors where a repeat is safe. 0 turns them off.
    public var maximumRetryCount: Int = 3
    /// What a watch asks the server to end it after; the client gives up five seconds later.
    public var watchTimeout: Duration = .seconds(290)
    public var connectTimeout: Duration = .seconds(3)
    /// Unacknowledged data, or unanswered keepalive probes, end a connection after this long.
    public var userTimeout: Duration = .seconds(10)
    public var keepaliveInterval: Duration = .seconds(5)
    public var forcesHTTP1: Bool = false
    /// Objects per page of a list.
    public var pageSize: Int = 500
    /// How long a token file is trusted before it is read again.
    public var tokenFileLifetime: Duration = .seconds(60)
    /// Shown by debuggers; at most 15 bytes.
    public var threadName: String = "kubernetes"
    public var logger: Logger = Logger(label: "kubernetes-client")
    /// Told of every request that was answered or failed, for metrics. Must not block.
    public var observe: (@Sendable (RequestObservation) -> Void)?

    public init() {}

    func transportConfiguration(for cluster: ClusterConfiguration) -> HTTPTransportConfiguration {
        var result = HTTPTransportConfiguration()
        result.serverTrust = cluster.serverTrust
        result.clientCertificate = cluster.clientCertificate
        result.tlsServerName = cluster.tlsServerName
        result.proxyURL = cluster.proxyURL
        result.connectTimeout = connectTimeout
        result.userTimeout = userTimeout
        result.keepaliveInterval = keepaliveInterval
        result.forcesHTTP1 = forcesHTTP1
        result.threadName = threadName
        return result
    }
}

/// One request as it ended.
public struct RequestObservation: Sendable {
    /// get, list, watch, create, update, patch, apply or delete.
    public var verb: String
    /// `pods`, `statefulsets.apps`, or a path for requests without a resource.
    public var resource: String
    /// Absent when no answer came.
    public var status: Int?
    /// Absent when the server answered, whatever the status.
    public var error: KubernetesError.Code?
    public var duration: Duration
}
