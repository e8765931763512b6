import KubernetesModels
import Testing

@testable import ControllerRuntime

@Suite struct StoreTests {
    private func configMap(_ name: String, version: String, labels: [String: String] = [:]) -> ConfigMap {
        ConfigMap(
            metadata: ObjectMeta(
                name: name, namespace: "n", uid: "u-\(name)", resourceVersion: version, labels: labels),
            data: ["big": "value"])
    }

    private func summary(_ changes: [StoreChange<ConfigMap>]) -> [String] {
        changes.map { change in
            switch change {
            case .added(let object): "added \(object.metadata.name ?? "")"
            case .updated(let old, let new):
                "updated \(new.metadata.name ?? "") \(old.metadata.resourceVersion ?? "")→\(new.metadata.resourceVersion ?? "")"
            case .deleted(let object): "deleted \(object.metadata.name ?? "")"
            }
        }
    }

    @Test func `a new list tells the differences to what was known`() {
        let store = Store<ConfigMap>()
        #expect(!store.hasSynced)
        #expect(
            summary(store.replace(with: [configMap("a", version: "1"), configMap("b", version: "1")])) == [
                "added a", "added b",
            ])
        #expect(store.hasSynced)
        let changes = store.replace(with: [configMap("b", version: "2"), configMap("c", version: "3")])
        #expect(summary(changes) == ["deleted a", "updated b 1→2", "added c"])
        #expect(store.replace(with: [configMap("b", version: "2"), configMap("c", version: "3")]).isEmpty)
    }

    @Test func `an event about a known version tells nothing`() {
        let store = Store<ConfigMap>()
        _ = store.replace(with: [configMap("a", version: "1")])
        #expect(store.upsert(configMap("a", version: "1")) == nil)
        #expect(store.upsert(configMap("a", version: "2")).map { summary([$0]) } == ["updated a 1→2"])
    }

    @Test func `objects are found by namespace and labels, trimmed of what nobody reads`() {
        let store = Store<ConfigMap> { $0.data = nil }
        _ = store.upsert(configMap("a", version: "1", labels: ["x": "1", "y": "2"]))
        _ = store.upsert(configMap("b", version: "1", labels: ["x": "1"]))
        #expect(store.list(namespace: "n", labels: ["x": "1"]).map(\.metadata.name) == ["a", "b"])
        #expect(store.list(labels: ["x": "1", "y": "2"]).map(\.metadata.name) == ["a"])
        #expect(store.list(namespace: "m").isEmpty)
        #expect(store[ResourceKey(namespace: "n", name: "a")]?.data == nil)
    }

    @Test func `a waiter is told when the first list is stored`() async {
        let store = Store<ConfigMap>()
        async let waited: Void = store.waitUntilSynced()
        _ = store.replace(with: [])
        await waited
        #expect(store.hasSynced)
    }

    @Test func `a cancelled waiter returns, and another one goes on waiting`() async {
        let store = Store<ConfigMap>()
        let cancelled = Task { await store.waitUntilSynced() }
        let patient = Task {
            await store.waitUntilSynced()
            return store.hasSynced
        }
        cancelled.cancel()
        await cancelled.value
        _ = store.replace(with: [])
        #expect(await patient.value)
    }
}
