import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import Testing

@Suite struct DeletionTests {
    private func deleted() throws -> World {
        var world = World()
        try world.settle()
        world.run(3, leader: 0)
        try world.settle()
        world.cluster = world.cluster.merging(["metadata": ["deletionTimestamp": "2027-01-15T08:00:00Z"]])
        _ = world.takeEvents()
        return world
    }

    private var finalizers: (World) -> [String] {
        { $0.cluster.value(at: "metadata", "finalizers")?.arrayValue?.compactMap(\.stringValue) ?? [] }
    }

    @Test func `Pods end before the store is removed, and the finalizer goes last`() throws {
        var world = try deleted()
        #expect(finalizers(world) == ["matriarch.dev/cleanup"])
        try world.settle()
        #expect(world.observed.objects[ObjectKey(StatefulSet.resource, "demo")] == nil)
        // A living agent would make the lock again.
        #expect(world.observed.store.leader != nil)
        #expect(try world.planned().requeueAfter != nil)
        world.observed.pods = []
        let last = try world.planned()
        for change in last.changes { world.perform(change) }
        #expect(world.observed.store == StoreSnapshot())
        #expect(finalizers(world) == [])
        guard case .patchMetadata = last.changes.last else {
            Issue.record("the finalizer must go last: \(last)")
            return
        }
        let events = world.takeEvents()
        #expect(events == ["CleanedUp: Cluster removed; volumes are kept: data-demo-0, data-demo-1, data-demo-2"])
        #expect(try world.planned().isEmpty)
    }

    @Test func `volumes are deleted by no plan`() throws {
        var world = try deleted()
        var all = try world.settle()
        world.observed.pods = []
        all += try world.settle()
        #expect(!all.contains { if case .delete(let key, _) = $0 { key.name.hasPrefix("data-") } else { false } })
        #expect(world.observed.volumeClaims.count == 3)
    }

    @Test func `a namespace that is being deleted is never held up`() throws {
        var world = try deleted()
        world.observed.isNamespaceTerminating = true
        try world.settle()
        #expect(finalizers(world) == [])
    }

    @Test func `an invalid spec does not keep a cluster from being deleted`() throws {
        var world = try deleted()
        world.patch(["instances": "many"])
        try world.settle()
        world.observed.pods = []
        try world.settle()
        #expect(finalizers(world) == [])
    }
}
