import ClusterRecords
import KubernetesClient
import KubernetesModels
import Operator
import PostgresClusterAPI
import TestSupport
import Testing

/// Declared roles with a real API server: what reaches the leader's agent, and what the agents' account may read.
@Suite(.timeLimit(.minutes(3))) struct RoleTests {
    private func agentsClient(_ lab: OperatorLab) async throws -> KubernetesClient {
        let answer = try await lab.client.createRaw(
            ServiceAccount.resource,
            body: [
                "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": ["expirationSeconds": 3600],
            ], namespace: lab.namespace, subresource: "token", name: "demo")
        let token = try #require(answer.value(at: "status", "token")?.stringValue)
        return KubernetesClient(configuration: lab.plane.configuration(credential: .token(token)))
    }

    private func secret(_ lab: OperatorLab, _ name: String, of cluster: JSONValue) async throws {
        _ = try await lab.client.createRaw(
            Secret.resource,
            body: [
                "metadata": ["name": .string(name), "labels": ["matriarch.dev/role-passwords": cluster]],
                "stringData": ["password": "sesame"],
            ], namespace: lab.namespace)
    }

    private func mayRead(_ agents: KubernetesClient, _ lab: OperatorLab, _ secret: String) async throws -> Bool {
        do throws(KubernetesError) {
            _ = try await agents.get(Secret.self, name: secret, namespace: lab.namespace)
            return true
        } catch {
            guard error.isForbidden else { throw error }
            return false
        }
    }

    @Test func `the agents may read the Secrets the list names, none of the others, and none any more when it is gone`()
        async throws
    {
        let lab = try await OperatorLab()
        try await secret(lab, "alice", of: "demo")
        try await secret(lab, "other", of: "demo")
        try await secret(lab, "bob", of: "another")
        try await lab.withOperator { running in
            try await lab.apply(
                "demo",
                [
                    "roles": [
                        ["name": "alice", "passwordSecret": ["name": "alice"]],
                        ["name": "bob", "passwordSecret": ["name": "bob"]],
                    ]
                ])
            try await lab.bringUp()
            let map = try await eventually("the list is there") {
                try await lab.client.list(ConfigMap.self, namespace: lab.namespace).items.first {
                    $0.metadata.name == "demo-roles"
                }
            } until: {
                $0 != nil
            }
            let text = try #require(map?.data?["roles.json"])
            #expect(try DeclaredRoles(text: text).roles.count == 2 && text.contains("alice"))
            try await eventually("the store says that it is in force") {
                try await lab.client.get(ConfigMap.self, name: "demo-config", namespace: lab.namespace)
                    .metadata.annotations?["matriarch.dev/roles"]
            } until: {
                $0 == DeclaredRoles.revision(of: text)
            }
            try await lab.expectNoWrites(of: running)

            let agents = try await agentsClient(lab)
            let read = try await agents.get(Secret.self, name: "alice", namespace: lab.namespace)
            #expect(read.decodedString("password") == "sesame")
            let metadata = try await agents.getMetadata(Secret.resource, name: "alice", namespace: lab.namespace)
            #expect(metadata.resourceVersion == read.metadata.resourceVersion)
            for name in ["other", "bob", "demo-superuser", "demo-replication", "demo-app"] {
                let error = await #expect(throws: KubernetesError.self, "\(name)") {
                    _ = try await agents.getMetadata(Secret.resource, name: name, namespace: lab.namespace)
                }
                #expect(error?.isForbidden == true, "\(name)")
            }
            let list = await #expect(throws: KubernetesError.self) {
                _ = try await agents.listRaw(Secret.resource, namespace: lab.namespace)
            }
            #expect(list?.isForbidden == true)
            let write = await #expect(throws: KubernetesError.self) {
                _ = try await agents.mergePatchRaw(
                    Secret.resource, name: "alice", namespace: lab.namespace, body: ["stringData": ["x": "y"]])
            }
            #expect(write?.isForbidden == true)

            // Its owner lets this cluster have it, some time after it was named.
            _ = try await lab.client.mergePatchRaw(
                Secret.resource, name: "bob", namespace: lab.namespace,
                body: ["metadata": ["labels": ["matriarch.dev/role-passwords": "demo"]]])
            try await eventually(within: .seconds(60), "it may be read") { try await mayRead(agents, lab, "bob") }

            try await lab.patch(["roles": .null])
            try await eventually("the right is gone") { try await !mayRead(agents, lab, "alice") }
        }
    }
}
