import KubernetesClient
import KubernetesModels
import TestSupport
import Testing

@Suite("Lists at a real API server")
struct ListTests {
    @Test(arguments: [1, 3, 7, 500])
    func `a list follows every page`(limit: Int) async throws {
        let fixture = try await APIServerFixture()
        for index in 0..<7 { try await fixture.createConfigMap("item-\(index)") }
        let list = try await fixture.client.list(ConfigMap.self, namespace: fixture.namespace, limit: limit)
        #expect(list.items.compactMap(\.metadata.name) == (0..<7).map { "item-\($0)" })
        #expect(!list.resourceVersion.isEmpty)
        let raw = try await fixture.client.listRaw(ConfigMap.resource, namespace: fixture.namespace, limit: limit)
        #expect(raw.items.count == 7)
    }

    @Test func `selectors choose by label and by field`() async throws {
        let fixture = try await APIServerFixture()
        for (name, role) in [("a", "primary"), ("b", "replica")] {
            _ = try await fixture.client.create(
                ConfigMap(metadata: ObjectMeta(name: name, labels: ["role": role])), namespace: fixture.namespace)
        }
        let byLabel = try await fixture.client.list(
            ConfigMap.self, namespace: fixture.namespace, labelSelector: "role in (primary)")
        #expect(byLabel.items.map(\.metadata.name) == ["a"])
        let byField = try await fixture.client.list(
            ConfigMap.self, namespace: fixture.namespace, fieldSelector: "metadata.name=b")
        #expect(byField.items.map(\.metadata.name) == ["b"])
    }

    @Test func `a list of an empty namespace is empty and has a version to watch from`() async throws {
        let fixture = try await APIServerFixture()
        let list = try await fixture.client.list(Pod.self, namespace: fixture.namespace)
        #expect(list.items.isEmpty && !list.resourceVersion.isEmpty)
    }

    @Test func `an object of many kilobytes survives the way there and back`() async throws {
        let fixture = try await APIServerFixture()
        let text = String(repeating: "größer \u{1F418} \"quoted\"\n", count: 20_000)
        try await fixture.createConfigMap("large", ["text": text])
        let list = try await fixture.client.list(ConfigMap.self, namespace: fixture.namespace)
        #expect(list.items.first?.data?["text"] == text)
    }
}
