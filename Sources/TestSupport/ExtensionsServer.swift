import Glibc
public import KubernetesClient
import KubernetesModels
import Subprocess
import SystemPackage

/// The upstream API extensions server (Kubernetes 1.36 or newer) for tests: custom resources as current clusters serve
/// them, with CEL, defaults, pruning and strict field validation.
///
/// It has an etcd of its own and asks the control plane of the test who somebody is, what he may do and which namespaces
/// exist. It serves definitions and their resources alone, without discovery of others: speak to it by REST. Everything
/// ends and is removed with the test process.
public final class ExtensionsServer: Sendable {
    /// The one a whole test process shares, beside the shared control plane.
    public static func shared() async throws -> ExtensionsServer { try await sharedStart.value }
    private static let sharedStart = Task { try await ExtensionsServer.start(beside: ControlPlane.shared()) }

    /// The control plane that holds namespaces and rights.
    public let plane: ControlPlane
    /// An administrator by client certificate.
    public let client: KubernetesClient
    private let etcd: ControlPlaneProcess
    private let server: ControlPlaneProcess

    /// Starts one of your own beside the shared control plane; end it with ``stop()``.
    ///
    /// - Parameter version: the Kubernetes version to behave as, one of ``versions()``; nil: its own.
    public static func start(
        beside plane: ControlPlane, emulating version: String? = nil
    ) async throws -> ExtensionsServer {
        try await ExtensionsServer(plane: plane, version: version)
    }

    /// The Kubernetes versions the server can behave as, oldest first: `1.33` and so on.
    public static func versions() async throws -> [String] {
        let binary = try requireServer()
        let help = try await Subprocess.run(
            .path(FilePath(binary)), arguments: ["--help"], output: .string(limit: 1 << 20), error: .discarded)
        guard let range = help.standardOutput.firstMatch(of: /kube=1\.(\d+)\.\.1\.(\d+)/),
            let first = Int(range.output.1), let last = Int(range.output.2), first <= last
        else { throw ControlPlaneError("\(binary) --help names no versions to emulate") }
        return (first...last).map { "1.\($0)" }
    }

    private init(plane: ControlPlane, version: String?) async throws {
        self.plane = plane
        let binary = try Self.requireServer()
        let etcdBinary = try ControlPlane.requireBinary("etcd", folder: "/usr/bin", remedy: "scripts/packages")
        let files = plane.files
        let ports = try FreePorts.take(3)
        let store = "http://127.0.0.1:\(ports[1])"
        let peer = "http://127.0.0.1:\(ports[2])"
        let mark = "extensions-\(ports[0])"
        etcd = try ControlPlaneProcess(
            name: "\(mark)-etcd",
            [
                etcdBinary, "--name=test", "--data-dir=\(files.path("\(mark)-etcd"))",
                "--listen-client-urls=\(store)", "--advertise-client-urls=\(store)", "--listen-peer-urls=\(peer)",
                "--initial-advertise-peer-urls=\(peer)", "--initial-cluster=test=\(peer)", "--log-level=warn",
            ], logPath: files.path("\(mark)-etcd.log"))
        try plane.janitor.watch(etcd)
        let kubeconfig = try plane.adminKubeconfig()
        server = try ControlPlaneProcess(
            name: "\(mark)-server",
            [
                binary, "--etcd-servers=\(store)", "--bind-address=127.0.0.1", "--secure-port=\(ports[0])",
                "--cert-dir=\(files.path(mark))", "--tls-cert-file=\(files.path("server.crt"))",
                "--tls-private-key-file=\(files.path("server.key"))", "--client-ca-file=\(files.path("ca.crt"))",
                "--kubeconfig=\(kubeconfig)", "--authentication-kubeconfig=\(kubeconfig)",
                "--authorization-kubeconfig=\(kubeconfig)", "--enable-priority-and-fairness=false",
                // Kinds the control plane of the test is too old to serve; waiting for them would last for ever.
                "--disable-admission-plugins=ValidatingAdmissionPolicy,MutatingAdmissionPolicy",
            ] + (version.map { ["--emulated-version=kube=\($0)"] } ?? []), logPath: files.path("\(mark).log"))
        try plane.janitor.watch(server)
        var configuration = try plane.adminByCertificate()
        configuration.server = "https://127.0.0.1:\(ports[0])"
        client = KubernetesClient(configuration: configuration)
        do {
            let (client, server) = (client, server)
            try await eventually(within: .seconds(60), "the API extensions server becomes ready") {
                guard server.isRunning else { return true }
                return try await client.getText("/readyz", deadline: .seconds(2)) == "ok"
            }
            guard server.isRunning else { throw ControlPlaneError("the API extensions server ended") }
        } catch {
            throw ControlPlaneError("\(error)\n\(server.logTail)\n\(etcd.logTail)")
        }
    }

    /// Ends it; the control plane goes on.
    public func stop() async throws {
        client.shutdown()
        try await server.stop()
        try await etcd.stop()
    }

    private static func requireServer() throws -> String {
        let path =
            getenv("MATRIARCH_EXTENSIONS_BIN").map { String(cString: $0) }
            ?? "\(getenv("HOME").map { String(cString: $0) } ?? "")/.cache/matriarch/extensions-server/apiextensions-apiserver"
        guard access(path, X_OK) == 0 else {
            throw ControlPlaneError("\(path) is missing; run: scripts/extensions-build")
        }
        return path
    }
}
