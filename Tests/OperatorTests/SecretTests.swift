import KubernetesClient
import KubernetesModels
import Operator
import PostgresClusterAPI
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3))) struct SecretTests {
    @Test func `a Secret deleted from a running cluster is asked for and not made anew`() async throws {
        let lab = try await OperatorLab()
        try await lab.withOperator { _ in
            try await lab.apply()
            try await lab.bringUp()
            try await lab.client.delete(Secret.self, name: "demo-replication", namespace: lab.namespace)
            try await lab.touch("1")
            let condition = try await eventually("the condition") {
                try await lab.condition(.degraded)
            } until: {
                $0?.reason == "SecretMissing"
            }
            #expect(condition?.message.contains("demo-replication") == true)
            #expect(try await !lab.isPresent(Secret.self, "demo-replication"))
            _ = try await lab.client.createRaw(
                Secret.resource,
                body: [
                    "metadata": ["name": "demo-replication"],
                    "stringData": ["username": "replicator", "password": "as before"],
                ], namespace: lab.namespace)
            // Nothing tells the operator; it looks.
            try await eventually("the condition goes") {
                try await lab.condition(.degraded)?.status
            } until: {
                $0 == .false
            }
        }
    }

    @Test func `an application's Secret is kept as it is, and made anew with another password when it is deleted`()
        async throws
    {
        let lab = try await OperatorLab()
        try await lab.withOperator { _ in
            try await lab.apply("demo", ["bootstrap": ["initdb": ["database": "shop"]]])
            try await lab.bringUp()
            let first = try await lab.client.get(Secret.self, name: "demo-app", namespace: lab.namespace)
            let password = try #require(first.decodedString("password"))
            #expect(first.decodedString("uri") == "postgresql://shop:\(password)@demo:5432/shop")
            // As somebody does who wants another one.
            _ = try await lab.client.mergePatchRaw(
                Secret.resource, name: "demo-app", namespace: lab.namespace,
                body: ["stringData": ["password": "chosen"]])
            try await lab.patch(["paused": true])
            try await eventually("the operator has looked") {
                let cluster = try await lab.cluster()
                return cluster.status?.observedGeneration == cluster.metadata.generation
            } until: {
                $0
            }
            let kept = try await lab.client.get(Secret.self, name: "demo-app", namespace: lab.namespace)
            #expect(kept.decodedString("password") == "chosen")
            try await lab.client.delete(Secret.self, name: "demo-app", namespace: lab.namespace)
            try await lab.touch("2")
            try await eventually("the Secret is back") { try await lab.isPresent(Secret.self, "demo-app") }
            let second = try await lab.client.get(Secret.self, name: "demo-app", namespace: lab.namespace)
            #expect(second.decodedString("password").map { ![password, "chosen"].contains($0) } == true)
            #expect(try await lab.condition(.degraded)?.reason != "SecretMissing")
        }
    }

    @Test func `Secrets of a deleted cluster of the same name are waited for`() async throws {
        let lab = try await OperatorLab()
        _ = try await lab.client.createRaw(
            Secret.resource,
            body: [
                "metadata": [
                    "name": "demo-superuser",
                    "ownerReferences": [
                        [
                            "apiVersion": .string(PostgresCluster.resource.apiVersion), "kind": "PostgresCluster",
                            "name": "demo", "uid": "11111111-2222-3333-4444-555555555555", "controller": true,
                        ]
                    ],
                ],
                "stringData": ["username": "postgres", "password": "of the cluster before"],
            ], namespace: lab.namespace)
        try await lab.withOperator { _ in
            try await lab.apply()
            let condition = try await eventually("the condition") {
                try await lab.condition(.degraded)
            } until: {
                $0?.reason == "ObjectNotOurs"
            }
            #expect(condition?.message.contains("secrets/demo-superuser") == true)
            #expect(try await !lab.isPresent(StatefulSet.self, "demo"))
            // As the garbage collector does, which does not run here.
            try await lab.client.delete(Secret.self, name: "demo-superuser", namespace: lab.namespace)
            try await eventually("the StatefulSet") { try await lab.isPresent(StatefulSet.self, "demo") }
            let owner = try await lab.object(Secret.resource, "demo-superuser").value(
                at: "metadata", "ownerReferences")?[0]
            #expect(try await owner?["uid"]?.stringValue == lab.cluster().metadata.uid)
        }
    }
}
