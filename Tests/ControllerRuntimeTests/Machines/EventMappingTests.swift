import ControllerRuntime
import KubernetesModels
import Testing

@Suite struct EventMappingTests {
    private let kind = APIResource(
        group: "matriarch.dev", version: "v1alpha1", kind: "PostgresCluster", plural: "postgresclusters",
        isNamespaced: true)

    private func pod(_ owner: OwnerReference? = nil, labels: [String: String]? = nil) -> Pod {
        Pod(metadata: ObjectMeta(name: "p", namespace: "n", labels: labels, ownerReferences: owner.map { [$0] }))
    }

    @Test(arguments: [
        ("matriarch.dev/v1alpha1", "PostgresCluster", true, ["n/demo"]),
        ("matriarch.dev/v1", "PostgresCluster", true, ["n/demo"]),
        ("other.dev/v1", "PostgresCluster", true, []),
        ("v1", "PostgresCluster", true, []),
        ("matriarch.dev/v1alpha1", "Other", true, []),
        ("matriarch.dev/v1alpha1", "PostgresCluster", false, []),
    ])
    func `an object maps to the owner that controls it, whatever the version`(
        apiVersion: String, ownerKind: String, controls: Bool, keys: [String]
    ) {
        let owner = OwnerReference(
            apiVersion: apiVersion, kind: ownerKind, name: "demo", uid: "u", controller: controls)
        let mapping: @Sendable (Pod) -> [ResourceKey] = EventMapping.controller(of: kind)
        #expect(mapping(pod(owner)).map(\.description) == keys)
    }

    @Test func `an object maps to the cluster its label names`() {
        let mapping: @Sendable (Pod) -> [ResourceKey] = EventMapping.label("cluster-name")
        #expect(mapping(pod(labels: ["cluster-name": "demo"])) == [ResourceKey(namespace: "n", name: "demo")])
        #expect(mapping(pod(labels: ["cluster-name": ""])).isEmpty)
        #expect(mapping(pod()).isEmpty)
    }
}
