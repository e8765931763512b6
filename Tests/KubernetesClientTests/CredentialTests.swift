import Glibc
import HTTPTransport
import KubernetesModels
import Synchronization
import TestSupport
import Testing

@testable import KubernetesClient

@Suite("Credentials and configuration")
struct CredentialTests {
    /// A folder that is removed with its last reference.
    final class Folder: Sendable {
        let path: String

        init() throws {
            var template = Array("/tmp/matriarch-test-XXXXXX".utf8CString)
            let created = try #require(mkdtemp(&template))
            path = String(cString: created)
        }

        deinit {
            for name in ["token", "config", "other", "plugin", "count", "ca.crt", "namespace"] {
                unlink("\(path)/\(name)")
            }
            rmdir(path)
        }

        func write(_ name: String, _ text: String, mode: mode_t = 0o600) throws {
            let file = try #require(fopen("\(path)/\(name)", "w"))
            fputs(text, file)
            fclose(file)
            chmod("\(path)/\(name)", mode)
        }

        func read(_ name: String) -> String {
            guard let file = fopen("\(path)/\(name)", "r") else { return "" }
            defer { fclose(file) }
            var buffer = [UInt8](repeating: 0, count: 4096)
            return String(decoding: buffer[..<fread(&buffer, 1, 4096, file)], as: UTF8.self)
        }
    }

    private func canList(_ configuration: ClusterConfiguration) async -> KubernetesError? {
        let client = KubernetesClient(configuration: configuration)
        return await failure { () async throws(KubernetesError) in
            try await client.list(Namespace.self, limit: 1)
        }
    }

    @Test func `a token file that changes is read again at once after the server refuses the old one`() async throws {
        let controlPlane = try await ControlPlane.shared()
        let folder = try Folder()
        try folder.write("token", controlPlane.adminToken + "\n")
        let client = KubernetesClient(
            configuration: controlPlane.configuration(credential: .tokenFile("\(folder.path)/token")))
        _ = try await client.list(Namespace.self)
        // The token in use stays in use for its lifetime, and what the file says now does not matter yet …
        try folder.write("token", "rotated-and-unknown")
        _ = try await client.list(Namespace.self)
        // … a client that starts with a stale one finds the new one by itself.
        let late = KubernetesClient(
            configuration: controlPlane.configuration(credential: .tokenFile("\(folder.path)/token")))
        let refused = await failure { () async throws(KubernetesError) in try await late.list(Namespace.self) }
        #expect(refused?.isUnauthorized == true)
        try folder.write("token", controlPlane.adminToken)
        _ = try await late.list(Namespace.self)
    }

    @Test func `a client certificate authenticates`() async throws {
        let controlPlane = try await ControlPlane.shared()
        #expect(await canList(try controlPlane.adminByCertificate()) == nil)
    }

    @Test func `a server of another authority is not trusted and is sent nothing`() async throws {
        let controlPlane = try await ControlPlane.shared()
        var configuration = controlPlane.admin
        configuration.serverTrust = .system
        let error = try #require(await canList(configuration))
        #expect(error.code == .unreachable)
        configuration.serverTrust = .none
        #expect(await canList(configuration) == nil)
        configuration.serverTrust = .authorityFile(controlPlane.authorityPath)
        #expect(await canList(configuration) == nil)
        configuration.tlsServerName = "localhost"
        #expect(await canList(configuration) == nil)
        configuration.tlsServerName = "other.example"
        #expect(await canList(configuration)?.code == .unreachable)
    }

    @Test func `a kubeconfig names server, authority, user and namespace`() async throws {
        let controlPlane = try await ControlPlane.shared()
        let folder = try Folder()
        try folder.write("token", controlPlane.adminToken)
        try folder.write(
            "config",
            """
            apiVersion: v1
            kind: Config
            current-context: one
            contexts:
            - name: one
              context: {cluster: local, user: by-token, namespace: here}
            - name: two
              context: {cluster: local, user: by-file}
            clusters:
            - name: local
              cluster:
                server: \(controlPlane.server)/
                certificate-authority: \(controlPlane.authorityPath)
            users:
            - name: by-token
              user: {token: \(controlPlane.adminToken)}
            - name: by-file
              user: {tokenFile: token}
            """)
        let one = try ClusterConfiguration.kubeconfig(path: "\(folder.path)/config")
        #expect(one.namespace == "here" && one.server == controlPlane.server)
        #expect(await canList(one) == nil)
        let two = try ClusterConfiguration.kubeconfig(path: "\(folder.path)/config", context: "two")
        #expect(await canList(two) == nil)
        var dumped = ""
        dump(one, to: &dumped)
        for text in ["\(one)", dumped, "\(one.credential)", String(reflecting: one)] {
            #expect(!text.contains(controlPlane.adminToken))
        }
    }

    @Test func `of several kubeconfigs the first to name something wins`() throws {
        let folder = try Folder()
        func file(_ name: String, current: String, server: String, extra: String) throws -> String {
            try folder.write(
                name,
                """
                current-context: \(current)
                contexts: [{name: shared, context: {cluster: c}}, {name: \(extra), context: {cluster: \(extra)}}]
                clusters: [{name: c, cluster: {server: "\(server)"}}, {name: \(extra), cluster: {server: "https://\(extra)"}}]
                """)
            return "\(folder.path)/\(name)"
        }
        let first = try file("config", current: "shared", server: "https://one", extra: "a")
        let second = try file("other", current: "b", server: "https://two", extra: "b")
        let merged = try Kubeconfig(paths: [first, "\(folder.path)/absent", second])
        #expect(try merged.configuration(context: nil).server == "https://one")
        #expect(try merged.configuration(context: "a").server == "https://a")
        #expect(try merged.configuration(context: "b").server == "https://b")
    }

    @Test(arguments: [
        ("a: b: c", "line 1, column 5"), ("current-context: missing", "\"missing\" is not defined"),
        ("kind: Config", "no current-context"),
    ])
    func `an unusable kubeconfig is named with its fault`(content: String, message: String) throws {
        let folder = try Folder()
        try folder.write("config", content)
        let error = #expect(throws: KubernetesError.self) {
            try ClusterConfiguration.kubeconfig(path: "\(folder.path)/config")
        }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains(message) == true, "\(String(describing: error))")
        #expect(error?.message.contains(folder.path) == true)
    }

    @Test func `a Pod's own configuration is read from its folder`() async throws {
        let controlPlane = try await ControlPlane.shared()
        let folder = try Folder()
        try folder.write("token", controlPlane.adminToken)
        let authority = try #require(fopen(controlPlane.authorityPath, "r"))
        var buffer = [UInt8](repeating: 0, count: 16384)
        let certificate = String(decoding: buffer[..<fread(&buffer, 1, 16384, authority)], as: UTF8.self)
        fclose(authority)
        try folder.write("ca.crt", certificate)
        try folder.write("namespace", "mine")
        let port = String(controlPlane.server.split(separator: ":").last ?? "")
        let configuration = try ClusterConfiguration.inCluster(
            environment: ["KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": port],
            serviceAccountFolder: folder.path)
        #expect(configuration.namespace == "mine")
        #expect(await canList(configuration) == nil)
        #expect(throws: KubernetesError.self) { try ClusterConfiguration.inCluster(environment: [:]) }
        // Kubernetes writes it without brackets.
        let other = try ClusterConfiguration.inCluster(
            environment: ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"],
            serviceAccountFolder: folder.path)
        #expect(other.server == "https://[fd00::1]:443")
    }

    @Test(arguments: ["v1", "v1beta1"])
    func `a credential plugin is run once until its token expires`(version: String) async throws {
        let controlPlane = try await ControlPlane.shared()
        let folder = try Folder()
        let count = "\(folder.path)/count"
        let apiVersion = "client.authentication.k8s.io/\(version)"
        try folder.write(
            "plugin",
            """
            #!/bin/sh
            echo run >>\(count)
            case "$KUBERNETES_EXEC_INFO" in *'"kind":"ExecCredential"'*) ;; *) exit 3 ;; esac
            runs=$(wc -l <\(count))
            expires=2000-01-01T00:00:00Z
            [ "$runs" = 1 ] || expires=2999-01-01T00:00:00Z
            echo "{\\"apiVersion\\":\\"$1\\",\\"kind\\":\\"ExecCredential\\",
              \\"status\\":{\\"token\\":\\"$TOKEN\\",\\"expirationTimestamp\\":\\"$expires\\"}}"
            """, mode: 0o700)
        let plugin = ExecCredentialPlugin(
            apiVersion: apiVersion, command: "\(folder.path)/plugin", arguments: [apiVersion],
            environment: ["TOKEN": controlPlane.adminToken])
        let client = KubernetesClient(configuration: controlPlane.configuration(credential: .plugin(plugin)))
        for expected in [1, 2, 2] {
            _ = try await client.list(Namespace.self)
            #expect(folder.read("count").split(separator: "\n").count == expected)
        }
        #expect(!"\(plugin)".contains(controlPlane.adminToken))
    }

    @Test func `a credential plugin that fails is quoted, one that is missing is named with the hint`() async throws {
        let controlPlane = try await ControlPlane.shared()
        let folder = try Folder()
        try folder.write("plugin", "#!/bin/sh\necho 'log in first' >&2\nexit 1\n", mode: 0o700)
        var configuration = controlPlane.configuration(
            credential: .plugin(ExecCredentialPlugin(command: "\(folder.path)/plugin")))
        var error = try #require(await canList(configuration))
        #expect(error.code == .credentialUnavailable && error.message.contains("log in first"))
        configuration.credential = .plugin(
            ExecCredentialPlugin(command: "no-such-plugin", installHint: "install the thing"))
        error = try #require(await canList(configuration))
        #expect(error.message.contains("no-such-plugin") && error.message.contains("install the thing"))
    }
}
