import ClusterRecords

/// patronictl with the store of a cluster, configured as Patroni's documentation has it for Kubernetes.
public struct PatroniControl: Sendable {
    /// Where somebody runs it.
    public enum Place: Sendable {
        /// It reaches the API server and the members.
        case amongMembers
        /// It reaches the API server alone, as from a desk outside of Kubernetes. Needs root.
        case desk
    }

    private let cluster: MemberCluster
    private let configurationPath: String
    private let socketPath: String

    public init(_ cluster: MemberCluster) throws {
        self.cluster = cluster
        configurationPath = "\(cluster.folder)/patronictl.yaml"
        socketPath = "\(cluster.folder)/api.socket"
        try MemberCluster.write(
            configurationPath,
            """
            scope: \(MemberCluster.name)
            kubernetes:
              context: test
              namespace: \(cluster.namespace)
              scope_label: \(Labels.cluster)
              labels: {}
              use_endpoints: \(cluster.lockObject == "Endpoints")

            """)
    }

    /// Runs it to its end.
    public func run(
        _ arguments: String..., from place: Place = .amongMembers, input: String = ""
    ) async throws -> BuiltProgram.Outcome {
        try await run(arguments, from: place, input: input)
    }

    public func run(
        _ arguments: [String], from place: Place = .amongMembers, input: String = ""
    ) async throws -> BuiltProgram.Outcome {
        let all = ["-c", configurationPath] + arguments
        let environment: [String: String?] = [
            "KUBECONFIG": "\(cluster.folder)/kubeconfig", "PGPASSFILE": cluster.passwordFile, "LC_ALL": "C.UTF-8",
            // It would ask for a terminal's width, and show colours.
            "COLUMNS": "200",
        ]
        switch place {
        case .amongMembers: return try await ForeignTool.patronictl.run(all, environment: environment, input: input)
        case .desk:
            return try await BuiltProgram.run(
                "/bin/sh",
                [
                    "-c", Self.desk, "desk", socketPath, "\(cluster.controlPlane.port)",
                    try ForeignTool.patronictl.path(),
                ]
                    + all, environment: environment, input: input)
        }
    }

    /// In a network of its own, which has the API server's port and nothing else.
    private static let desk = """
        set -eu
        socket=$1 port=$2
        shift 2
        socat "UNIX-LISTEN:$socket,fork,unlink-early" "TCP:127.0.0.1:$port" >/dev/null 2>&1 &
        outside=$!
        trap 'kill $outside' EXIT
        unshare --net sh -euc '
            socket=$1 port=$2
            shift 2
            ip link set lo up
            socat "TCP-LISTEN:$port,bind=127.0.0.1,fork,reuseaddr" "UNIX-CONNECT:$socket" >/dev/null 2>&1 &
            inside=$!
            trap "kill $inside" EXIT
            until [ -S "$socket" ] && socat -u OPEN:/dev/null "TCP:127.0.0.1:$port" 2>/dev/null; do sleep 0.05; done
            "$@"
        ' desk "$socket" "$port" "$@"
        """
}
