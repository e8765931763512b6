public import HTTPTransport

/// Which API server to talk to, and as whom.
public struct ClusterConfiguration: Sendable {
    /// `https://host:port`, possibly with a path; no trailing slash.
    public var server: String
    public var serverTrust: HTTPTransportConfiguration.ServerTrust
    public var clientCertificate: HTTPTransportConfiguration.ClientCertificate?
    public var credential: Credential
    /// The namespace of calls that name none.
    public var namespace: String
    public var tlsServerName: String?
    public var proxyURL: String?

    public init(
        server: String, serverTrust: HTTPTransportConfiguration.ServerTrust = .system,
        clientCertificate: HTTPTransportConfiguration.ClientCertificate? = nil, credential: Credential = .none,
        namespace: String = "default", tlsServerName: String? = nil, proxyURL: String? = nil
    ) {
        self.server = server.hasSuffix("/") ? String(server.dropLast()) : server
        self.serverTrust = serverTrust
        self.clientCertificate = clientCertificate
        self.credential = credential
        self.namespace = namespace
        self.tlsServerName = tlsServerName
        self.proxyURL = proxyURL
    }
}

extension ClusterConfiguration: CustomStringConvertible, CustomReflectable {
    /// Names the server, never the credential.
    public var description: String { "ClusterConfiguration(\(server), namespace \(namespace))" }
    public var customMirror: Mirror { Mirror(self, children: ["server": server, "namespace": namespace]) }
}

/// What a request authenticates with, besides a client certificate.
public enum Credential: Sendable, CustomStringConvertible, CustomReflectable {
    case none
    case token(String)
    /// A file that is replaced from time to time.
    case tokenFile(String)
    case basic(user: String, password: String)
    case plugin(ExecCredentialPlugin)

    public var description: String {
        switch self {
        case .none: "none"
        case .token: "token(redacted)"
        case .tokenFile(let path): "tokenFile(\(path))"
        case .basic: "basic(redacted)"
        case .plugin(let plugin): "plugin(\(plugin.command))"
        }
    }

    public var customMirror: Mirror { Mirror(self, children: []) }
}
