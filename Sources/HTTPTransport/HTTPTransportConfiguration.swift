/// How a transport connects. Fixed for its life.
public struct HTTPTransportConfiguration: Sendable {
    /// What authenticates the server.
    public enum ServerTrust: Sendable {
        /// The certificate authorities of the system.
        case system
        /// A file in PEM, read again for each new connection.
        case authorityFile(String)
        /// Certificates in PEM.
        case authority([UInt8])
        /// Anyone. For `insecure-skip-tls-verify` only.
        case none
    }

    /// A client certificate, chain and private key in PEM.
    public struct ClientCertificate: Sendable, CustomStringConvertible, CustomReflectable {
        public var certificate: [UInt8]
        public var key: [UInt8]

        public init(certificate: [UInt8], key: [UInt8]) {
            self.certificate = certificate
            self.key = key
        }

        public var description: String { "ClientCertificate(redacted)" }
        public var customMirror: Mirror { Mirror(self, children: []) }
    }

    public var serverTrust: ServerTrust = .system
    public var clientCertificate: ClientCertificate?
    /// The name to expect in the server's certificate instead of the URL's host.
    public var tlsServerName: String?
    /// Environment variables for proxies are ignored: only this one is used.
    public var proxyURL: String?
    public var connectTimeout: Duration = .seconds(5)
    /// Sent data that stays unacknowledged this long ends the connection (TCP_USER_TIMEOUT). Also bounds how long
    /// unanswered keepalive probes are tolerated.
    public var userTimeout: Duration = .seconds(10)
    /// Idle time before the first TCP keepalive probe, and between probes; whole seconds, at least 1.
    public var keepaliveInterval: Duration = .seconds(5)
    /// Largest body ``HTTPTransport/send(_:deadline:)`` accepts.
    public var maximumResponseByteCount: Int = 64 << 20
    /// A stream is paused once this much waits to be read.
    public var streamBufferByteCount: Int = 128 << 10
    /// HTTP/2 is negotiated over TLS unless this is set.
    public var forcesHTTP1: Bool = false
    /// Idle connections kept.
    public var maximumIdleConnections: Int = 4
    /// Shown by debuggers; at most 15 bytes are kept.
    public var threadName: String = "http"

    public init() {}
}
