import Glibc
public import KubernetesClient

/// A real Kubernetes to work on: its API, its kubectl, and where to say what goes on.
public struct Lab: Sendable {
    public let client: KubernetesClient
    public let kubeconfig: String
    public let progress: Progress
    /// Where the operator runs.
    public let operatorNamespace: String
    /// The image PostgreSQL runs from.
    public let image: String

    /// Connects to the cluster `KUBECONFIG` names, or to the local one `scripts/kubernetes-up` brings up.
    public static func connect(progress: Progress) throws -> Lab {
        let kubeconfig =
            environment("KUBECONFIG")
            ?? "\(environment("MATRIARCH_STATE") ?? "/var/lib/matriarch-local")/kubeconfig"
        guard HostFile.exists(kubeconfig) else {
            throw LabError(
                "there is no Kubernetes here: \(kubeconfig) is missing; bring one up with scripts/kubernetes-up")
        }
        let configuration = try ClusterConfiguration.kubeconfig(path: kubeconfig, context: nil)
        return Lab(
            client: KubernetesClient(configuration: configuration), kubeconfig: kubeconfig, progress: progress,
            operatorNamespace: environment("MATRIARCH_OPERATOR_NAMESPACE") ?? "matriarch-system",
            image: environment("MATRIARCH_IMAGE") ?? "matriarch-postgres:15")
    }

    /// The same Kubernetes, for clusters that run another image.
    public func running(image: String) -> Lab {
        Lab(
            client: client, kubeconfig: kubeconfig, progress: progress, operatorNamespace: operatorNamespace,
            image: image)
    }

    /// Runs the real kubectl against this cluster.
    ///
    /// - Returns: what it printed.
    @discardableResult
    public func kubectl(
        _ arguments: [String], input: String = "", deadline: Duration = .seconds(30)
    ) async throws -> String {
        try await CommandRunner.run(
            "kubectl", arguments, environment: ["KUBECONFIG": kubeconfig], input: input, deadline: deadline)
    }

    static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }
}
