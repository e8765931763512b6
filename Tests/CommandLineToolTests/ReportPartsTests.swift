import ClusterRecords
import KubernetesClient
import KubernetesModels
import Testing

@testable import CommandLineTool

/// What `matriarch report` takes from what is several clusters'.
@Suite struct ReportPartsTests {
    private func event(_ kind: String, _ name: String) -> JSONValue {
        ["regarding": ["kind": .string(kind), "name": .string(name)]]
    }

    @Test func `Events are those of the cluster's own objects and of members that were`() {
        var own = ReportBundle.OwnObjects(Scope(namespace: "default", cluster: "demo"))
        own.add("Pod", [["metadata": ["name": "demo-0"]], ["metadata": ["name": "demo-image-question"]]])
        own.add("Service", [["metadata": ["name": "demo-ro"]]])
        #expect(own.members == ["demo-0"])
        for (kind, name) in [
            ("PostgresCluster", "demo"), ("Pod", "demo-0"), ("Pod", "demo-7"), ("Pod", "demo-image-question"),
            ("Service", "demo-ro"), ("PersistentVolumeClaim", "data-demo-7"),
        ] {
            #expect(own.isMeant(event(kind, name)), "\(kind) \(name)")
        }
        for (kind, name) in [
            ("PostgresCluster", "demo-2"), ("PostgresCluster", "demo-prod"), ("Pod", "demo-prod-0"), ("Pod", "other-0"),
            ("Service", "demo-prod"), ("PersistentVolumeClaim", "data-demo-prod-0"), ("Node", "demo"),
        ] {
            #expect(!own.isMeant(event(kind, name)), "\(kind) \(name)")
        }
    }

    @Test func `the operator's lines are those about this cluster and about none`() {
        let client = KubernetesClient(configuration: ClusterConfiguration(server: "http://127.0.0.1:1"))
        let bundle = ReportBundle(client: client, cluster: "demo", namespace: "shop")
        let kept = [
            #"{"cluster":"demo","message":"a","namespace":"shop"}"#, #"{"cluster":"shop/demo","message":"b"}"#,
            #"{"message":"leading"}"#, "plain demo",
        ]
        let others = [
            #"{"cluster":"demo","message":"c","namespace":"other"}"#, #"{"cluster":"shop/demo-2","message":"d"}"#,
            "plain",
        ]
        #expect(bundle.operatorLines((kept + others).joined(separator: "\n")) == kept.map { $0 + "\n" }.joined())
    }
}
