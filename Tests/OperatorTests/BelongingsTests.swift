import KubernetesClient
import KubernetesModels
import Operator
import PostgresClusterAPI
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3))) struct BelongingsTests {
    @Test func `a ConfigMap of an application with a name of the store is left alone, named, and waited for`()
        async throws
    {
        let lab = try await OperatorLab()
        let theirs: JSONValue = ["metadata": ["name": "orders-config"], "data": ["mine": "1"]]
        _ = try await lab.client.createRaw(ConfigMap.resource, body: theirs, namespace: lab.namespace)
        let version = try await lab.object(ConfigMap.resource, "orders-config").value(at: "metadata", "resourceVersion")
        try await lab.withOperator { running in
            try await lab.apply("orders")
            let condition = try await eventually("the condition") {
                try await lab.condition(.degraded, "orders")
            } until: {
                $0?.reason == "ObjectNotOurs"
            }
            #expect(condition?.message.contains("configmaps/orders-config") == true)
            #expect(try await lab.recorded("ObjectNotOurs").type == "Warning")
            let looks = running.reconciles
            let since = ContinuousClock.now
            try await eventually("two more looks") {
                running.reconciles
            } until: {
                $0 >= looks + 2
            }
            #expect(since.duration(to: .now) > .seconds(1))
            #expect(try await !lab.isPresent(StatefulSet.self, "orders"))
            let now = try await lab.object(ConfigMap.resource, "orders-config").value(at: "metadata", "resourceVersion")
            #expect(now == version)

            try await lab.client.delete(ConfigMap.self, name: "orders-config", namespace: lab.namespace)
            try await eventually("the StatefulSet") { try await lab.isPresent(StatefulSet.self, "orders") }
        }
    }

    @Test func `an object of the store that lost the cluster's label gets it back`() async throws {
        let lab = try await OperatorLab()
        try await lab.withOperator { _ in
            try await lab.apply()
            try await lab.bringUp()
            for name in ["demo-config", "demo-leader"] {
                _ = try await lab.client.mergePatchRaw(
                    ConfigMap.resource, name: name, namespace: lab.namespace,
                    body: ["metadata": ["labels": ["cluster-name": .null]]])
                try await eventually("the label of \(name)") {
                    try await lab.object(ConfigMap.resource, name).value(at: "metadata", "labels", "cluster-name")
                } until: {
                    $0 == "demo"
                }
            }
            #expect(try await lab.condition(.degraded)?.status == .false)
        }
    }

    @Test func `another Patroni cluster of the same name is not touched, also when the resource is deleted`()
        async throws
    {
        let lab = try await OperatorLab()
        let labels: JSONValue = ["application": "patroni", "cluster-name": "demo"]
        func metadata(_ name: String, _ annotations: JSONValue = [:]) -> JSONValue {
            ["name": .string(name), "labels": labels, "annotations": annotations]
        }
        let containers: JSONValue = [["name": "postgres", "image": "patroni"]]
        let theirs: [(APIResource, String, JSONValue)] = [
            (
                ConfigMap.resource, "demo-config",
                ["metadata": metadata("demo-config", ["config": #"{"ttl":30}"#, "initialize": "7300000000000000002"])]
            ),
            (ConfigMap.resource, "demo-leader", ["metadata": metadata("demo-leader", ["leader": "demo-0"])]),
            (ConfigMap.resource, "demo-sync", ["metadata": metadata("demo-sync")]),
            (Pod.resource, "demo-0", ["metadata": metadata("demo-0"), "spec": ["containers": containers]]),
            (
                StatefulSet.resource, "demo",
                [
                    "metadata": metadata("demo"),
                    "spec": [
                        "serviceName": "demo", "replicas": 1, "selector": ["matchLabels": labels],
                        "template": ["metadata": ["labels": labels], "spec": ["containers": containers]],
                    ],
                ]
            ),
        ]
        for (resource, _, body) in theirs {
            _ = try await lab.client.createRaw(resource, body: body, namespace: lab.namespace)
        }
        func versions() async throws -> [JSONValue?] {
            var all: [JSONValue?] = []
            for (resource, name, _) in theirs {
                all.append(try await lab.object(resource, name).value(at: "metadata", "resourceVersion"))
            }
            return all
        }
        let before = try await versions()
        try await lab.withOperator { _ in
            try await lab.apply()
            let condition = try await eventually("the condition") {
                try await lab.condition(.degraded)
            } until: {
                $0?.reason == "ObjectNotOurs"
            }
            #expect(condition?.message.contains("statefulsets.apps/demo") == true)
            #expect(try await !lab.isPresent(Service.self, "demo"))
            #expect(try await !lab.isPresent(Secret.self, "demo-superuser"))
            #expect(try await lab.cluster().status?.primary == nil)
            try await lab.client.delete(PostgresCluster.self, name: "demo", namespace: lab.namespace)
            try await eventually("the resource goes") { try await !lab.isPresent(PostgresCluster.self, "demo") }
            #expect(try await versions() == before)
        }
    }
}
