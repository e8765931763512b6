import KubernetesClient
import KubernetesModels
import PostgresClusterAPI
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// The ways to install, as people run them, on an API server of their own: definitions and roles belong to no namespace.
@Suite struct InstallTests {
    private static let deployment = "matriarch-operator"
    private static let namespace = "matriarch-system"

    @Test func `install yaml and kustomize install the same, and a second time change nothing`() async throws {
        try await withPlane { plane, environment in
            let apply = "kubectl apply --validate=false"
            let first = try await run("\(apply) -f manifests/install.yaml", environment)
            #expect(first.contains("deployment.apps/\(Self.deployment) created"), "\(first)")
            // The kustomize of kubectl 1.20 takes files as resources, not folders.
            let second = try await run(
                """
                if kubectl kustomize manifests/default >/dev/null 2>&1; then \(apply) -k manifests/default
                else \(apply) -f manifests/operator/namespace.yaml
                    for part in crd rbac operator; do \(apply) -k manifests/$part; done
                fi
                """, environment)
            // What a server drops (CEL before 1.25, an empty value) kubectl sends again; nothing is another object by it.
            let lines = second.split(separator: "\n")
            #expect(
                lines.count == first.split(separator: "\n").count
                    && lines.allSatisfy { $0.hasSuffix(" unchanged") || $0.hasSuffix(" configured") }, "\(second)")
            let client = KubernetesClient(configuration: plane.admin)
            for (resource, name) in [
                (APIResource.deployment, Self.deployment),
                (.customResourceDefinition, "postgresclusters.matriarch.dev"),
            ] {
                let object = try await client.getRaw(resource, name: name, namespace: Self.namespace)
                #expect(object.value(at: "metadata", "generation") == 1, "\(name)")
            }
            try await eventually("the kind is served") { try await client.serves(PostgresCluster.resource) }
        }
    }

    @Test func `the chart is installed, upgraded and uninstalled, and every cluster stays`() async throws {
        try await withPlane { plane, environment in
            let client = KubernetesClient(configuration: plane.admin)
            func replicas() async throws -> Int? {
                try await client.getRaw(.deployment, name: Self.deployment, namespace: Self.namespace)
                    .value(at: "spec", "replicas")?.intValue
            }
            // The server of the api tier does not know CEL.
            let before125 = "--disable-openapi-validation --no-server-side"
            let installed = try await run("scripts/helm install \(before125)", environment)
            #expect(installed.contains("matriarch deployed revision 1"), "\(installed)")
            #expect(try await replicas() == 2)
            try await eventually("the kind is served") { try await client.serves(PostgresCluster.resource) }
            let namespace = try await plane.namespace()
            _ = try await client.createRaw(
                PostgresCluster.resource, body: ["metadata": ["name": "demo"], "spec": minimalSpec],
                namespace: namespace)

            let upgraded = try await run("scripts/helm upgrade \(before125) --set replicaCount=3", environment)
            #expect(upgraded.contains("matriarch deployed revision 2"), "\(upgraded)")
            #expect(try await replicas() == 3)

            _ = try await run("scripts/helm uninstall", environment)
            await #expect(throws: KubernetesError.self) { try await replicas() }
            let cluster = try await client.getRaw(PostgresCluster.resource, name: "demo", namespace: namespace)
            #expect(cluster.value(at: "metadata", "deletionTimestamp") == nil)

            // Whoever comes back takes over what was kept.
            let again = try await run("scripts/helm install \(before125)", environment)
            #expect(again.contains("matriarch deployed revision 1"), "\(again)")
        }
    }

    @Test func `a value that is none is refused in words and installs nothing`() async throws {
        try await withPlane { plane, environment in
            await #expect {
                try await run("scripts/helm install --set replicaCount=many", environment)
            } throws: { error in
                "\(error)".contains("/replicaCount")
            }
            let client = KubernetesClient(configuration: plane.admin)
            let isServed = try await client.serves(PostgresCluster.resource)
            #expect(!isServed)
        }
    }

    // MARK: Running

    private func withPlane(
        _ body: (ControlPlane, [Environment.Key: String]) async throws -> Void
    ) async throws {
        let plane = try await ControlPlane.start()
        do {
            try await body(plane, ["KUBECONFIG": try plane.adminKubeconfig()])
        } catch {
            try await plane.stop()
            throw error
        }
        try await plane.stop()
    }

    /// Runs a line of shell in the repository.
    ///
    /// - Returns: what it printed.
    /// - Throws: what it complained of, when it failed.
    private func run(_ line: String, _ environment: [Environment.Key: String]) async throws -> String {
        let result = try await Subprocess.run(
            .path("/bin/bash"), arguments: ["-euc", "cd '\(repositoryRoot)'; \(line)"],
            environment: .inherit.updating(Dictionary(uniqueKeysWithValues: environment.map { ($0, Optional($1)) })),
            output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else {
            throw CommandFailure(description: "\(line): \(result.standardError)")
        }
        return result.standardOutput
    }

    private struct CommandFailure: Error, CustomStringConvertible {
        let description: String
    }
}
