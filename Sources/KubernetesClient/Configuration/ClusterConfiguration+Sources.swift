import Glibc
import HTTPTransport

extension ClusterConfiguration {
    private static let serviceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// The configuration Kubernetes gives every Pod.
    ///
    /// - Parameters:
    ///   - environment: where `KUBERNETES_SERVICE_HOST` and `_PORT` are looked up; the process' own unless given.
    ///   - serviceAccountFolder: holds `token`, `ca.crt` and `namespace`.
    /// - Throws: ``KubernetesError`` `.invalidConfiguration`, naming what is missing.
    public static func inCluster(
        environment: [String: String]? = nil, serviceAccountFolder: String? = nil
    ) throws(KubernetesError) -> ClusterConfiguration {
        let environment = environment ?? processEnvironment("KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT")
        let folder = serviceAccountFolder ?? Self.serviceAccountFolder
        guard let host = environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty,
            let port = environment["KUBERNETES_SERVICE_PORT"], !port.isEmpty
        else {
            throw .invalidConfiguration(
                "not in a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set")
        }
        // Read once now, so that a Pod without a service account says so at start.
        _ = try FileContents.read(folder + "/token")
        let authority = try FileContents.read(folder + "/ca.crt")
        let namespace: String
        do {
            namespace = try FileContents.readText(folder + "/namespace").trimmed
        } catch {
            namespace = "default"  // Only a default for calls that name none.
        }
        let address = host.contains(":") ? "[\(host)]" : host
        return ClusterConfiguration(
            server: "https://\(address):\(port)", serverTrust: .authority(authority),
            credential: .tokenFile(folder + "/token"), namespace: namespace)
    }

    /// A kubeconfig file.
    ///
    /// - Parameters:
    ///   - path: the file; otherwise every file of `KUBECONFIG`, otherwise `~/.kube/config`.
    ///   - context: otherwise the current one.
    /// - Throws: ``KubernetesError`` `.invalidConfiguration`, naming the file and what is wrong with it.
    public static func kubeconfig(
        path: String? = nil, context: String? = nil
    ) throws(KubernetesError) -> ClusterConfiguration {
        let paths = path.map { [$0] } ?? defaultKubeconfigPaths()
        return try Kubeconfig(paths: paths).configuration(context: context)
    }

    /// `KUBECONFIG` or `~/.kube/config` where there is one, otherwise the Pod's own service account.
    public static func automatic(context: String? = nil) throws(KubernetesError) -> ClusterConfiguration {
        let environment = processEnvironment("KUBECONFIG", "KUBERNETES_SERVICE_HOST")
        let paths = defaultKubeconfigPaths()
        if environment["KUBECONFIG"]?.isEmpty == false || paths.contains(where: FileContents.isReadable) {
            return try kubeconfig(context: context)
        }
        if environment["KUBERNETES_SERVICE_HOST"] != nil { return try inCluster() }
        throw .invalidConfiguration(
            "no cluster configured: KUBECONFIG is not set, \(paths.joined(separator: ", ")) does not exist, "
                + "and this is not a Pod")
    }

    private static func defaultKubeconfigPaths() -> [String] {
        let environment = processEnvironment("KUBECONFIG", "HOME")
        if let list = environment["KUBECONFIG"], !list.isEmpty {
            return list.split(separator: ":").map(String.init)
        }
        return ["\(environment["HOME"] ?? "")/.kube/config"]
    }

    private static func processEnvironment(_ names: String...) -> [String: String] {
        var result: [String: String] = [:]
        for name in names {
            if let value = getenv(name) { result[name] = String(cString: value) }
        }
        return result
    }
}

extension KubernetesError {
    static func invalidConfiguration(_ message: String) -> KubernetesError {
        KubernetesError(code: .invalidConfiguration, message: message)
    }
}
