import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import Testing

/// What has a name the cluster needs and belongs to somebody else.
@Suite struct BelongingsTests {
    /// What a plan changes, Events and status left out.
    private func written(_ changes: [Change]) -> [String] {
        changes.compactMap { change in
            switch change {
            case .apply(let key, _), .delete(let key, _): "\(key)"
            case .createSecret(let secret): "\(secret.key)"
            case .writeStore(let write): "\(write.key)"
            case .patchMetadata: "metadata"
            case .patchStatus, .event: nil
            }
        }
    }

    @Test func `a ConfigMap of an application is not taken for the store, and is named`() throws {
        var world = World()
        world.observed.store.configuration = StoreObject(
            resourceVersion: "7", annotations: ["config": "theirs"], labels: ["app": "orders"])
        let changes = try world.settle()
        #expect(written(changes).isEmpty)
        #expect(try world.condition(.degraded) == "True ObjectNotOurs")
        let message = try #require(try world.status.condition(.degraded)?.message)
        #expect(message.hasPrefix("configmaps/demo-config exists and belongs to somebody else"))
        #expect(world.takeEvents().filter { $0.hasPrefix("ObjectNotOurs") }.count == 1)
        // It is looked for again, and not as fast as after a conflict.
        let again = try #require(try world.planned().requeueAfter)
        #expect(again >= .seconds(1))
        world.observed.store.configuration = nil
        try world.settle()
        #expect(try world.condition(.degraded) == "False Sound")
        #expect(world.observed.store.configuration != nil)
    }

    @Test(arguments: ["demo-leader", "demo-config", "demo-failover", "demo-sync"])
    func `the cluster's label is put back onto an object of the store that lost it`(_ name: String) throws {
        var world = try World.running()
        world[store: "demo-failover"] = [:]
        world[store: "demo-sync"] = [:]
        world.observed.store[name]?.labels["cluster-name"] = nil
        let before = world.observed.store[name]?.annotations
        let changes = try world.settle()
        #expect(written(changes) == ["configmaps/\(name)"])
        #expect(world.observed.store[name]?.labels["cluster-name"] == "demo")
        #expect(world.observed.store[name]?.annotations == before)
        #expect(try world.condition(.degraded) == "False Sound")
    }

    @Test func `an object of the store without the agents' labels is the cluster's as long as the configuration is`()
        throws
    {
        var world = try World.running()
        world.observed.store.leader?.labels = ["cluster-name": "demo"]
        #expect(try world.settle().isEmpty)
        #expect(try world.status.primary == "demo-0")
    }
}
