import Glibc
import HTTPTransport
public import KubernetesClient
import KubernetesModels
import Synchronization

/// A private etcd and kube-apiserver for tests: RBAC on, on free ports of a loopback address, all files in a temporary folder.
///
/// No controllers run until they are asked for: nothing schedules Pods, collects garbage or empties namespaces. Everything
/// ends and is removed with the test process, however that ends.
public final class ControlPlane: Sendable {
    /// The one a whole test process shares. Work in a ``namespace(prefix:)`` of your own, and never pause or stop it.
    public static func shared() async throws -> ControlPlane { try await sharedStart.value }
    private static let sharedStart = Task { try await ControlPlane.start() }

    /// Where the API server listens, with a trailing port and no slash.
    public let server: String
    /// etcd's client address, plain HTTP.
    public let etcdServer: String
    public let family: AddressFamily
    let files: ControlPlaneFiles
    private let authority: [UInt8]
    let port: UInt16
    private let etcd: ControlPlaneProcess
    private let apiServer: Mutex<ControlPlaneProcess?>
    private let controllerManager = Mutex<ControlPlaneProcess?>(nil)
    private let tunnel = Mutex<(port: UInt16, process: ControlPlaneProcess)?>(nil)
    let janitor: Janitor
    private let observer: KubernetesClient

    /// An administrator by token.
    public var admin: ClusterConfiguration { configuration(credential: .token(ControlPlaneFiles.adminToken)) }
    /// A user without any right.
    public var stranger: ClusterConfiguration { configuration(credential: .token(ControlPlaneFiles.strangerToken)) }
    /// The token ``admin`` uses.
    public var adminToken: String { ControlPlaneFiles.adminToken }
    /// The certificate authority, in PEM.
    public var authorityPath: String { files.path("ca.crt") }

    /// Starts one of your own, to pause or stop. Ends with ``stop()`` or the test process.
    ///
    /// - Parameter family: of its one loopback address.
    public static func start(family: AddressFamily = .ipv4) async throws -> ControlPlane {
        let binary = try requireBinary(
            "kube-apiserver", folder: kubernetesFolder(), remedy: "scripts/kubernetes-build")
        let etcdBinary = try requireBinary("etcd", folder: "/usr/bin", remedy: "scripts/packages")
        let files = try await ControlPlaneFiles()
        return try await ControlPlane(files: files, family: family, binary: binary, etcdBinary: etcdBinary)
    }

    private init(
        files: ControlPlaneFiles, family: AddressFamily, binary: String, etcdBinary: String
    ) async throws {
        self.files = files
        self.family = family
        authority = try files.read("ca.crt")
        let ports = try FreePorts.take(3, family: family)
        let places = ports.map { AddressFamily.authority(family.loopback, $0) }
        port = ports[0]
        server = "https://\(places[0])"
        etcdServer = "http://\(places[1])"
        janitor = try Janitor(folder: files.folder)
        let peer = "http://\(places[2])"
        etcd = try ControlPlaneProcess(
            name: "etcd",
            [
                etcdBinary, "--name=test", "--data-dir=\(files.path("etcd"))", "--listen-client-urls=\(etcdServer)",
                "--advertise-client-urls=\(etcdServer)", "--listen-peer-urls=\(peer)",
                "--initial-advertise-peer-urls=\(peer)", "--initial-cluster=test=\(peer)", "--log-level=warn",
            ], logPath: files.path("etcd.log"))
        try janitor.watch(etcd)
        apiServer = Mutex(nil)
        var options = ClientOptions()
        options.maximumRetryCount = 0
        options.threadName = "control-plane"
        observer = KubernetesClient(
            configuration: ClusterConfiguration(
                server: server, serverTrust: .authority(authority), credential: .token(ControlPlaneFiles.adminToken)),
            options: options)
        self.binary = binary
        try await startAPIServer()
    }

    private let binary: String

    /// A configuration for this server with other credentials.
    public func configuration(credential: Credential) -> ClusterConfiguration {
        ClusterConfiguration(server: server, serverTrust: .authority(authority), credential: credential)
    }

    /// An administrator by client certificate, without a token.
    public func adminByCertificate() throws -> ClusterConfiguration {
        ClusterConfiguration(
            server: server, serverTrust: .authority(authority),
            clientCertificate: .init(certificate: try files.read("admin.crt"), key: try files.read("admin.key")))
    }

    /// A fresh namespace.
    public func namespace(prefix: String = "test") async throws -> String {
        let name = "\(prefix)-\(String(UInt64.random(in: 0..<UInt64.max), radix: 36))"
        _ = try await observer.create(Namespace(metadata: ObjectMeta(name: name)))
        return name
    }

    /// Makes etcd forget every version but the current ones, as the API server itself does every five minutes.
    public func compact() async throws {
        let transport = HTTPTransport()
        func ask(_ path: String, _ body: JSONValue) async throws -> JSONValue {
            let request = HTTPRequest(method: .post, url: etcdServer + path, body: body.serializedBytes())
            return try JSONValue(parsing: try await transport.send(request, deadline: .seconds(5)).body)
        }
        let answer = try await ask("/v3/kv/range", ["key": "AA=="])
        guard let revision = answer.value(at: "header", "revision")?.stringValue else {
            throw ControlPlaneError("etcd tells no revision: \(answer)")
        }
        _ = try await ask("/v3/kv/compaction", ["revision": .string(revision), "physical": true])
    }

    /// Where a proxy on this machine reaches the API server.
    ///
    /// - Returns: for opaque content the API server's own port; for HTTP one that speaks it in the clear, by a tunnel that
    ///   is started with the first call.
    func port(for content: LinkProxy.Content) throws -> UInt16 {
        switch content {
        case .opaque:
            return port
        case .http:
            return try tunnel.withLock { tunnel in
                if let tunnel { return tunnel.port }
                guard access("/usr/bin/socat", X_OK) == 0 else {
                    throw ControlPlaneError("socat is missing; run: scripts/packages")
                }
                let free = try FreePorts.take(1, family: family)[0]
                let (listen, address) = family == .ipv4 ? ("TCP-LISTEN", "127.0.0.1") : ("TCP6-LISTEN", "[::1]")
                let process = try ControlPlaneProcess(
                    name: "tunnel",
                    [
                        "/usr/bin/socat", "-lf", files.path("tunnel.log"),
                        "\(listen):\(free),bind=\(address),fork,reuseaddr,backlog=128,nodelay",
                        "OPENSSL:\(address):\(port),cafile=\(files.path("ca.crt")),commonname=localhost,nodelay",
                    ], logPath: files.path("tunnel.log"))
                try janitor.watch(process)
                tunnel = (free, process)
                return free
            }
        }
    }

    /// The path of a kubeconfig for ``admin``, for programs that read one.
    public func adminKubeconfig() throws -> String {
        try files.write(
            "admin.json",
            ([
                "apiVersion": "v1", "kind": "Config", "current-context": "test",
                "clusters": [
                    [
                        "name": "test",
                        "cluster": ["server": .string(server), "certificate-authority": .string(authorityPath)],
                    ]
                ],
                "users": [["name": "admin", "user": ["token": .string(adminToken)]]],
                "contexts": [["name": "test", "context": ["cluster": "test", "user": "admin"]]],
            ] as JSONValue).serialized())
        return files.path("admin.json")
    }

    // MARK: Controllers and faults, for control planes of your own

    /// Starts controllers of the controller manager by its own names, such as `endpoint`. They look after every namespace.
    public func startControllers(_ names: [String]) async throws {
        let binary = try Self.requireBinary(
            "kube-controller-manager", folder: Self.kubernetesFolder(), remedy: "scripts/kubernetes-build")
        let kubeconfig = try adminKubeconfig()
        let version = try JSONValue(parsing: try await observer.getText("/version", deadline: .seconds(5)))
        let minor = (version["minor"]?.stringValue).flatMap { Int($0.prefix { $0.isNumber }) } ?? 0
        let process = try ControlPlaneProcess(
            name: "kube-controller-manager",
            [
                binary, "--kubeconfig=\(kubeconfig)", "--leader-elect=false", "--secure-port=0",
                "--controllers=\(names.joined(separator: ","))",
                // The second, unencrypted port went with 1.24.
            ] + (minor < 24 ? ["--port=0"] : []), logPath: files.path("kube-controller-manager.log"))
        try janitor.watch(process)
        controllerManager.withLock { $0 = process }
    }

    /// Freezes the API server: connections stay open, nothing answers.
    /// Returns when no thread of it can answer any more.
    public func pauseAPIServer() { apiServer.withLock { $0 }?.freeze() }

    public func resumeAPIServer() { apiServer.withLock { $0 }?.signal(SIGCONT) }

    /// Whether there is an API server, frozen or not.
    public var hasAPIServer: Bool { apiServer.withLock { $0?.isRunning ?? false } }

    /// Ends the API server and waits until it has; etcd keeps the data.
    public func stopAPIServer() async throws {
        let running = apiServer.withLock { process in
            defer { process = nil }
            return process
        }
        try await running?.stop()
    }

    /// Starts the API server on the same address and waits until it is ready.
    public func startAPIServer() async throws {
        let process = try ControlPlaneProcess(
            name: "kube-apiserver", apiServerArguments, logPath: files.path("kube-apiserver.log"))
        try janitor.watch(process)
        apiServer.withLock { $0 = process }
        do {
            try await eventually(within: .seconds(60), "kube-apiserver becomes ready") {
                guard process.isRunning else { return true }
                return try await observer.getText("/readyz", deadline: .seconds(2)) == "ok"
            }
            guard process.isRunning else { throw ControlPlaneError("kube-apiserver ended") }
        } catch {
            throw ControlPlaneError("\(error)\n\(process.logTail)\n\(etcd.logTail)")
        }
    }

    /// Ends everything, the API server first, and removes the folder.
    public func stop() async throws {
        observer.shutdown()
        try await tunnel.withLock({ $0 })?.process.stop()
        try await controllerManager.withLock({ $0 })?.stop()
        try await stopAPIServer()
        try await etcd.stop()
        try await files.remove()
    }

    private var apiServerArguments: [String] {
        [
            binary, "--etcd-servers=\(etcdServer)", "--bind-address=\(family.loopback)", "--secure-port=\(port)",
            "--advertise-address=\(family.loopback)", "--endpoint-reconciler-type=none",
            "--cert-dir=\(files.path("certificates"))",
            "--tls-cert-file=\(files.path("server.crt"))", "--tls-private-key-file=\(files.path("server.key"))",
            "--client-ca-file=\(files.path("ca.crt"))", "--token-auth-file=\(files.path("tokens.csv"))",
            "--authorization-mode=RBAC", "--anonymous-auth=false",
            "--service-cluster-ip-range=\(family == .ipv4 ? "10.255.0.0/24" : "fd00:10:255::/112")",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-account-key-file=\(files.path("service-account.key"))",
            "--service-account-signing-key-file=\(files.path("service-account.key"))",
            "--disable-admission-plugins=ServiceAccount", "--allow-privileged=true", "--profiling=false",
        ]
    }

    // MARK: Binaries

    private static func kubernetesFolder() -> String {
        if let folder = getenv("MATRIARCH_K8S_BIN") { return String(cString: folder) }
        let home = getenv("HOME").map { String(cString: $0) } ?? ""
        return "\(home)/.cache/matriarch/kubernetes-1.20.2"
    }

    static func requireBinary(_ name: String, folder: String, remedy: String) throws -> String {
        let path = "\(folder)/\(name)"
        guard access(path, X_OK) == 0 else {
            throw ControlPlaneError("\(path) is missing; run: \(remedy)")
        }
        return path
    }
}
