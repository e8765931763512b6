import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import Testing

/// What is said when the API server refuses a change for good.
@Suite struct RefusalTests {
    private static let message = "Cannot apply statefulsets.apps/demo: spec.template: Invalid value"

    /// Plans once; everything in front of the first change that `isRefused` names is carried out, and then it is told.
    private func refuse(_ world: inout World, _ isRefused: @escaping (Change) -> Bool) throws -> Refusal {
        let plan = try world.planned()
        let index = try #require(plan.changes.indices.first { isRefused(plan.changes[$0]) })
        for change in plan.changes[..<index] {
            // Events are told at the end.
            if case .event = change { continue }
            world.perform(change)
        }
        let refusal = try Refusal(Self.message, at: index, in: plan, of: world.resource, now: world.now)
        if let patch = refusal.patch { world.perform(patch) }
        for event in refusal.events { world.perform(.event(event)) }
        if let event = refusal.announcement { world.perform(.event(event)) }
        return refusal
    }

    private func appliesStatefulSet(_ change: Change) -> Bool {
        if case .apply(let key, _) = change { key.resource == StatefulSet.resource } else { false }
    }

    private func writesStore(_ change: Change) -> Bool {
        if case .writeStore = change { true } else { false }
    }

    @Test func `who leads is told all the same, and once`() throws {
        var world = try World.running()
        world.patch(["priorityClassName": "database"])
        world.run(3, leader: 1, timeline: 2)
        _ = try refuse(&world, appliesStatefulSet)
        #expect(try world.status.primary == "demo-1" && world.status.timeline == 2)
        #expect(try world.status.lastFailover?.to == "demo-1")
        #expect(try world.condition(.degraded) == "True ApplyFailed")
        #expect(try world.status.condition(.degraded)?.message == Self.message)
        #expect(try world.condition(.primaryAvailable) == "True PrimaryRunning")
        #expect(
            world.takeEvents() == [
                "FailedOver: demo-1 took over from demo-0, on timeline 2", "ApplyFailed: \(Self.message)",
            ])

        let again = try refuse(&world, appliesStatefulSet)
        #expect(again.patch == nil && again.events.isEmpty && again.announcement == nil)

        world.patch(["priorityClassName": nil])
        try world.settle()
        #expect(try world.condition(.degraded) == "False Sound")
    }

    @Test func `what was not done is not told`() throws {
        var world = try World.running()
        world.patch(["instances": 5])
        _ = try refuse(&world, appliesStatefulSet)
        #expect(world.takeEvents() == ["ApplyFailed: \(Self.message)"])
        try world.settle()
        #expect(world.takeEvents() == ["ScaledUp: From 3 to 5 instances"])
    }

    @Test func `a switchover that reached the store goes on`() throws {
        var world = try World.running()
        world.patch(["priorityClassName": "database", "switchover": ["candidate": "demo-1"]])
        _ = try refuse(&world, appliesStatefulSet)
        #expect(world[store: "demo-failover"]["member"] == "demo-1")
        #expect(try world.status.switchover?.phase == .inProgress)
        #expect(world.takeEvents().first == "SwitchoverStarted: demo-0 hands over to demo-1")
    }

    @Test func `a switchover that did not reach the store is not marked as begun, and begins later`() throws {
        var world = try World.running()
        world.patch(["switchover": ["candidate": "demo-1"]])
        _ = try refuse(&world, writesStore)
        #expect(try world.status.switchover == nil)
        #expect(try world.condition(.switchoverCompleted) == "absent")
        #expect(world.takeEvents() == ["ApplyFailed: \(Self.message)"])
        try world.settle()
        #expect(world[store: "demo-failover"]["member"] == "demo-1")
        #expect(try world.status.switchover?.phase == .inProgress)
    }

    @Test func `when the status itself is refused the old one says so`() throws {
        var world = try World.running()
        world.run(3, leader: 1, timeline: 2)
        _ = try refuse(&world) { if case .patchStatus = $0 { true } else { false } }
        #expect(try world.status.primary == "demo-0")
        #expect(try world.condition(.degraded) == "True ApplyFailed")
        #expect(world.takeEvents() == ["ApplyFailed: \(Self.message)"])
    }

    @Test func `what cannot be read is told without a plan`() throws {
        let world = try World.running()
        let refusal = try Refusal("Cannot read", of: world.resource, now: world.now)
        #expect(refusal.announcement?.note == "Cannot read" && refusal.events.isEmpty)
        let patch = try #require(refusal.patch)
        guard case .patchStatus(let body) = patch else {
            Issue.record("\(patch)")
            return
        }
        #expect(body.value(at: "metadata", "resourceVersion") == "100")
    }
}
