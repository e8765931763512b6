import ArgumentParser
import ClusterRecords
import KubernetesClient

/// `matriarch haproxy`: a configuration for a balancer of one's own.
struct HAProxyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "haproxy", abstract: "Print a configuration of HAProxy that leads to the primary and to replicas.",
        discussion: """
            HAProxy asks the agents who is what, and follows a change of primary by itself. Members stand in it by the names \
            they have inside of Kubernetes; with --addresses by the addresses of this moment.
            """)

    @Argument(help: "The cluster.", completion: NameCompletion.clusters)
    var cluster: String

    @OptionGroup var connection: ConnectionOptions

    @Option(help: ArgumentHelp("The port that leads to the primary.", valueName: "port"))
    var primaryPort = BalancerConfiguration.Ports().primary

    @Option(help: ArgumentHelp("The port that leads to replicas; 0: none.", valueName: "port"))
    var replicaPort = BalancerConfiguration.Ports().replicas ?? 0

    @Option(help: ArgumentHelp("The port of the page of statistics; 0: none.", valueName: "port"))
    var statsPort = BalancerConfiguration.Ports().statistics ?? 0

    @Option(help: ArgumentHelp("The address HAProxy listens on; * is every one of IPv4.", valueName: "address"))
    var bind = BalancerConfiguration.Ports().address

    @Flag(help: "The members' addresses of this moment instead of names.")
    var addresses = false

    @Option(help: ArgumentHelp("The domain of the Kubernetes cluster, in which names end.", valueName: "domain"))
    var clusterDomain = "cluster.local"

    @Flag(help: "Have haproxy -c check it first; what is refused is not printed.")
    var check = false

    private var ports: BalancerConfiguration.Ports {
        BalancerConfiguration.Ports(
            address: bind, primary: primaryPort, replicas: replicaPort == 0 ? nil : replicaPort,
            statistics: statsPort == 0 ? nil : statsPort)
    }

    func validate() throws {
        if let problem = ports.problem { throw ValidationError(problem) }
        guard !clusterDomain.isEmpty, BalancerConfiguration.isPlain(clusterDomain) else {
            throw ValidationError("--cluster-domain must be a domain, such as cluster.local.")
        }
    }

    func run() async throws {
        guard !check || ChildProgram.isInstalled("haproxy") else {
            throw CommandError("haproxy is not in PATH: install it (Debian: haproxy), or leave --check out")
        }
        let reader = ClusterReader(client: try connection.client())
        let scope = Scope(namespace: reader.client.configuration.namespace, cluster: cluster)
        let records = try await reader.records(cluster, namespace: scope.namespace, asksMembers: false)
        var balancer: BalancerConfiguration
        if addresses {
            let (found, without) = try BalancerConfiguration.addresses(records, of: scope)
            balancer = found
            for name in without { Terminal.note("\(name) has no address yet, and is left out") }
        } else {
            balancer = try BalancerConfiguration(names: records, of: scope, domain: clusterDomain)
        }
        balancer.ports = ports
        if check { try Self.check(balancer.text) }
        print(balancer.text, terminator: "")
    }

    /// - Throws: ``CommandError`` when HAProxy refuses it. Its own words, also of a file it takes, stand on standard error: with its
    ///   option -q it would not even say what is wrong.
    private static func check(_ text: String) throws {
        let file = try PrivateFile(text, suffix: ".cfg")
        defer { file.remove() }
        let status = try ChildProgram(["/bin/sh", "-c", #"exec haproxy -c -f "$1" >&2"#, "sh", file.path]).run()
        guard status == 0 else { throw CommandError("haproxy refuses this configuration, with status \(status)") }
    }
}
