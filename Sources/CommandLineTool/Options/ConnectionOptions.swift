import ArgumentParser
import KubernetesClient

/// Which API server and namespace: the flags of kubectl.
struct ConnectionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The kubeconfig file; otherwise KUBECONFIG, ~/.kube/config or the Pod's own account.", valueName: "file"))
    var kubeconfig: String?

    @Option(help: ArgumentHelp("The context of the kubeconfig; otherwise the current one.", valueName: "name"))
    var context: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("The namespace; otherwise the context's.", valueName: "name"))
    var namespace: String?

    /// Connects lazily: nothing is sent yet.
    func client() throws -> KubernetesClient {
        var configuration: ClusterConfiguration
        do {
            configuration =
                if let kubeconfig {
                    try ClusterConfiguration.kubeconfig(path: kubeconfig, context: context)
                } else {
                    try ClusterConfiguration.automatic(context: context)
                }
        } catch {
            throw CommandError(error.message)
        }
        if let namespace { configuration.namespace = namespace }
        var options = ClientOptions()
        options.userAgent = "matriarch-cli"
        return KubernetesClient(configuration: configuration, options: options)
    }
}
