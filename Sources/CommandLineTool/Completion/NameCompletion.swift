import ArgumentParser
import ClusterRecords
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI

/// Names that a shell offers while a command is typed, read from the API server; none when it does not answer soon.
enum NameCompletion {
    static var clusters: CompletionKind {
        .custom { words, _, prefix in
            await names(words) { client in
                try await client.list(PostgresCluster.self, namespace: client.configuration.namespace, deadline: limit)
                    .items.compactMap(\.metadata.name)
            }.filter { $0.hasPrefix(prefix) }
        }
    }

    /// Of the clusters that are named already, and of all when none is.
    static var members: CompletionKind {
        .custom { words, _, prefix in
            await names(words) { client in
                let namespace = client.configuration.namespace
                let pods = try await client.list(
                    Pod.self, namespace: namespace, labelSelector: "\(Labels.component)=\(Component.member)",
                    deadline: limit
                ).items
                return memberNames(pods.map(\.metadata), among: words, namespace: namespace)
            }.filter { $0.hasPrefix(prefix) }
        }
    }

    static func memberNames(_ pods: [ObjectMeta], among words: [String], namespace: String) -> [String] {
        let all = pods.filter { pod in
            guard let cluster = pod.labels?[Labels.cluster] else { return false }
            return Scope(namespace: namespace, cluster: cluster).isMember(pod)
        }
        let named = all.filter { pod in pod.labels?[Labels.cluster].map { words.contains($0) } ?? false }
        return (named.isEmpty ? all : named).compactMap(\.name).sorted()
    }

    private static let limit = Duration.seconds(2)

    private static func names(
        _ words: [String], _ read: (KubernetesClient) async throws -> [String]
    ) async -> [String] {
        do {
            let client = try ConnectionOptions(completing: words).client()
            defer { client.shutdown() }
            return try await read(client)
        } catch {
            // Whoever types has not asked for anything yet.
            return []
        }
    }
}

extension ConnectionOptions {
    /// Those among the words of a command that is not finished.
    init(completing words: [String]) {
        self.init()
        func value(_ names: [String]) -> String? {
            for (index, word) in words.enumerated() {
                if names.contains(word), index + 1 < words.count { return words[index + 1] }
                for name in names where word.hasPrefix("\(name)=") { return String(word.dropFirst(name.count + 1)) }
            }
            return nil
        }
        kubeconfig = value(["--kubeconfig"])
        context = value(["--context"])
        namespace = value(["-n", "--namespace"])
    }
}
