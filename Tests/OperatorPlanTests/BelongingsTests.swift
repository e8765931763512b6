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
            case .patch(let key, _): "\(key)"
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

    /// Beside a running cluster of Patroni's with the same name.
    private func besidePatroni(_ spec: JSONValue = [:]) -> World {
        var world = World(spec)
        let labels = ["application": "patroni", "cluster-name": "demo"]
        func stored(_ annotations: [String: String]) -> StoreObject {
            StoreObject(resourceVersion: "7", annotations: annotations, labels: labels)
        }
        world.observed.store = StoreSnapshot(
            leader: stored(["leader": "demo-0"]),
            configuration: stored(["config": #"{"ttl":30}"#, "initialize": "7300000000000000002"]),
            failover: stored([:]), synchronization: stored([:]))
        world.observed.objects[ObjectKey(StatefulSet.resource, "demo")] = [
            "metadata": ["name": "demo", "uid": "other", "generation": 2],
            "spec": [
                "replicas": 3,
                "volumeClaimTemplates": [["spec": ["resources": ["requests": ["storage": "77Gi"]]]]],
            ],
            "status": ["observedGeneration": 2, "updateRevision": "r9"],
        ]
        world.observed.pods = (0..<3).map { ordinal in
            var pod = world.member(ordinal, role: ordinal == 0 ? "primary" : "replica")
            pod.metadata.labels = labels.merging(["controller-revision-hash": "r1"]) { $1 }
            return pod
        }
        return world
    }

    @Test func `another Patroni cluster of the same name is not touched`() throws {
        var world = besidePatroni(["switchover": ["candidate": "demo-1"], "instances": 2])
        let before = world.observed
        let changes = try world.settle()
        #expect(written(changes).isEmpty)
        #expect(world.observed == before)
        #expect(try world.condition(.degraded) == "True ObjectNotOurs")
        let message = try #require(try world.status.condition(.degraded)?.message)
        for name in ["statefulsets.apps/demo", "configmaps/demo-config", "configmaps/demo-leader"] {
            #expect(message.contains(name))
        }
        // Nor is it taken for this one.
        #expect(try world.status.primary == nil && world.status.members?.isEmpty == true)
        #expect(try world.status.systemIdentifier == nil && world.status.switchover == nil)
        #expect(try world.condition(.configurationValid) == "True Accepted")
    }

    @Test func `a deleted cluster neither waits for Pods of another Patroni cluster nor removes its store`() throws {
        var world = besidePatroni()
        world.cluster = world.cluster.merging([
            "metadata": ["deletionTimestamp": "2027-01-15T08:00:00Z", "finalizers": ["matriarch.dev/cleanup"]]
        ])
        let before = world.observed
        let changes = try world.settle()
        #expect(written(changes) == ["metadata"])
        #expect(world.observed == before)
        #expect(world.cluster.value(at: "metadata", "finalizers") == [])
    }

    @Test func `while one object is somebody else's nothing of a running cluster is changed, and its status goes on`()
        throws
    {
        var world = try World.running()
        world.observed.objects[ObjectKey(Service.resource, "demo-ro")] = ["metadata": ["name": "demo-ro"]]
        world.patch(["instances": 5, "switchover": ["candidate": "demo-1"]])
        world.run(3, leader: 2, timeline: 2)
        let changes = try world.settle()
        #expect(written(changes).isEmpty)
        #expect(world.replicas == 3)
        #expect(try world.status.primary == "demo-2" && world.status.lastFailover?.to == "demo-2")
        #expect(try world.condition(.degraded) == "True ObjectNotOurs")
        #expect(try world.condition(.ready) == "False ObjectNotOurs")

        world.observed.objects[ObjectKey(Service.resource, "demo-ro")] = nil
        try world.settle()
        #expect(world.replicas == 5)
        #expect(try world.condition(.degraded) == "False Sound")
    }

    @Test func `a disruption budget of somebody else is no hindrance to a single member, which has none`() throws {
        var world = World(["instances": 1])
        world.observed.objects[ObjectKey(PodDisruptionBudget.resource, "demo")] = ["metadata": ["name": "demo"]]
        try world.settle()
        #expect(world.replicas == 1)
        #expect(world.observed.objects[ObjectKey(PodDisruptionBudget.resource, "demo")] != nil)
    }
}
