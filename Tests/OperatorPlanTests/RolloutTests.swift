import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import Testing

@Suite struct RolloutTests {
    /// A running cluster whose template has just changed from r1 to r2.
    private func outdated(instances: Int = 3, leader: Int = 1, _ spec: JSONValue = [:]) throws -> World {
        var world = World(spec.merging(["instances": JSONValue(instances)]))
        try world.settle()
        world.run(instances, leader: leader)
        try world.settle()
        world.patch(["image": "matriarch-postgres:15.1"])
        for change in try world.planned().changes { world.perform(change) }
        world.reportRevision("r2")
        _ = world.takeEvents()
        return world
    }

    /// Plans once and returns the member that is restarted.
    private func restarted(_ world: inout World) throws -> String? {
        var name: String?
        for change in try world.planned().changes {
            if case .delete(let key, _) = change, key.resource == Pod.resource {
                #expect(name == nil, "two at a time")
                name = key.name
            }
            world.perform(change)
        }
        return name
    }

    @Test func `replicas go first, then the primary hands over once and goes last`() throws {
        var world = try outdated()
        #expect(try restarted(&world) == "demo-2")
        // Its Pod is gone: nothing happens until it is back.
        #expect(try restarted(&world) == nil)
        world.observed.pods.append(world.member(2, role: "replica", isReady: false, revision: "r2"))
        #expect(try restarted(&world) == nil)
        world.observed.pods[2] = world.member(2, role: "replica", revision: "r2")
        #expect(try restarted(&world) == "demo-0")
        world.observed.pods.insert(world.member(0, role: "replica", revision: "r2"), at: 0)
        #expect(try restarted(&world) == nil)
        #expect(world[store: "demo-failover"]["leader"] == "demo-1")
        #expect(world[store: "demo-failover"]["member"] == "demo-0")
        world.switchOver(to: 0, timeline: 2)
        #expect(try restarted(&world) == "demo-1")
        #expect(try world.status.handover?.phase == .succeeded)
        world.observed.pods.insert(world.member(1, role: "replica", timeline: 2, revision: "r2"), at: 1)
        try world.settle()
        #expect(try world.condition(.progressing) == "False Stable")
        #expect(try world.status.lastFailover == nil)
    }

    @Test func `the primary hands over when no endpoints have changed for a second`() throws {
        var world = try outdated()
        world.observed.pods[0] = world.member(0, role: "replica", revision: "r2")
        world.observed.pods[2] = world.member(2, role: "replica", revision: "r2")
        world.observed.pods[2].status?.conditions = [
            PodCondition(type: "Ready", status: "True", lastTransitionTime: world.now)
        ]
        let early = try world.planned()
        #expect(early.requeueAfter == .seconds(2))
        for change in early.changes { world.perform(change) }
        #expect(world[store: "demo-failover"].isEmpty)
        world.advance(2)
        for change in try world.planned().changes { world.perform(change) }
        #expect(world[store: "demo-failover"]["leader"] == "demo-1")
    }

    @Test func `a replica that is down already is replaced first`() throws {
        var world = try outdated(leader: 2)
        world.observed.pods[0] = world.member(0, role: nil, isReady: false)
        #expect(try restarted(&world) == "demo-0")
    }

    /// Replicas do not stream while nobody leads, so none of them is ready, and any of them may be the next primary.
    @Test(arguments: ["demo-1", nil])
    func `without a primary only members whose container is down are restarted`(_ holder: String?) throws {
        var world = try outdated()
        world[store: "demo-leader"] = ["leader": holder.map { .string($0) } ?? .null]
        for ordinal in [0, 2] { world.observed.pods[ordinal] = world.member(ordinal, role: "replica", isReady: false) }
        world.observed.pods[1] = world.member(1, role: "primary", state: "crashed", isReady: false)
        #expect(try restarted(&world) == nil)
        world.advance(600)
        #expect(try restarted(&world) == nil)
        world.observed.pods[0].status?.containerStatuses = []
        #expect(try restarted(&world) == "demo-0")
    }

    @Test func `a leader that is down while the others run the new template is left to the agents`() throws {
        var world = try outdated()
        for ordinal in [0, 2] { world.observed.pods[ordinal] = world.member(ordinal, role: "replica", revision: "r2") }
        world.observed.pods[1] = world.member(1, role: "primary", state: "stopped", isReady: false)
        #expect(try restarted(&world) == nil)
        world.observed.pods[1].status?.containerStatuses = []
        // Its Pod shows the others that it died: they take the lock at once.
        #expect(try restarted(&world) == nil)
        #expect(try world.planned().requeueAfter == .seconds(40))
        world.advance(40)
        #expect(try restarted(&world) == "demo-1")
    }

    @Test func `who is about to be removed is neither restarted nor handed over from`() throws {
        let mayNotLead: JSONValue = ["nofailover": true]
        var world = try outdated(
            instances: 4, leader: 3,
            [
                "instanceOverrides": [
                    ["name": "demo-0", "tags": mayNotLead], ["name": "demo-1", "tags": mayNotLead],
                ]
            ])
        world.patch(["instances": 2])
        for ordinal in [1, 0] {
            #expect(try restarted(&world) == "demo-\(ordinal)")
            world.observed.pods.append(world.member(ordinal, role: "replica", revision: "r2"))
        }
        #expect(try restarted(&world) == nil)
        #expect(world[store: "demo-failover"].isEmpty)
        #expect(try world.condition(.progressing) == "True WaitingForCandidate")
    }

    @Test func `without a primary also who is about to be removed is repaired`() throws {
        var world = try outdated(leader: 2)
        world.patch(["instances": 2])
        for ordinal in [0, 1] { world.observed.pods[ordinal] = world.member(ordinal, role: "replica", revision: "r2") }
        world.observed.pods[2] = world.member(2, role: "primary", state: "stopped", isReady: false)
        world.observed.pods[2].status?.containerStatuses = []
        #expect(try restarted(&world) == nil)
        world.advance(40)
        #expect(try restarted(&world) == "demo-2")
    }

    @Test func `a single instance that is down is restarted in place`() throws {
        var world = try outdated(instances: 1, leader: 0)
        world.observed.pods[0] = world.member(0, role: "primary", state: "crashed", isReady: false)
        #expect(try restarted(&world) == "demo-0")
    }

    @Test func `a new template that does not start stops the rollout at the first member`() throws {
        var world = try outdated()
        #expect(try restarted(&world) == "demo-2")
        world.observed.pods.append(world.member(2, role: nil, isReady: false, revision: "r2"))
        for _ in 0..<3 {
            world.advance(600)
            #expect(try restarted(&world) == nil)
        }
        #expect(try world.status.primary == "demo-1")
    }

    @Test func `a single instance is restarted in place`() throws {
        var world = try outdated(instances: 1, leader: 0)
        #expect(try restarted(&world) == "demo-0")
    }

    @Test func `while paused nothing is restarted`() throws {
        var world = try outdated(["paused": true])
        #expect(try restarted(&world) == nil)
        try world.settle()
        #expect(try world.condition(.progressing) == "True RolloutPaused")
    }

    @Test func `until the controller has seen the template nothing is concluded from revisions`() throws {
        var world = try outdated()
        let key = ObjectKey(StatefulSet.resource, "demo")
        world.observed.objects[key] = world.observed.objects[key]?.merging(["metadata": ["generation": 3]])
        #expect(try restarted(&world) == nil)
    }
}
