import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import Testing

/// Reasons are words for programs; text for people is in messages.
@Suite struct ReasonTests {
    private static let freeText = "demo-1 lags by 40 MiB: try again later!"

    @Test func `every reason is one CamelCase word`() {
        for word in ConditionReason.allCases.map(\.rawValue) + EventReason.allCases.map(\.rawValue) {
            #expect(word.wholeMatch(of: /([A-Z][a-z]+)+/) != nil, "\(word)")
        }
    }

    /// The conditions of a cluster whose switchover ended as `end` leaves it.
    private func conditions(_ end: (inout World) throws -> Void) throws -> [Condition] {
        var world = World()
        try world.settle()
        world.run(3, leader: 0)
        world.patch(["switchover": ["candidate": "demo-1"]])
        try world.settle()
        try end(&world)
        try world.settle()
        return try world.status.conditions ?? []
    }

    private func expectKnownReasons(_ conditions: [Condition]) {
        #expect(conditions.count == 7)
        for condition in conditions {
            #expect(ConditionReason(rawValue: condition.reason) != nil, "\(condition.type): \(condition.reason)")
        }
    }

    @Test func `the words of an agent that handed over are not the reason`() throws {
        let conditions = try conditions { $0.switchOver(to: 1, timeline: 2, reason: Self.freeText) }
        expectKnownReasons(conditions)
        #expect(conditions.last?.type == "SwitchoverCompleted" && conditions.last?.reason == "Completed")
    }

    @Test func `the words of an agent that refused are in the message alone`() throws {
        let conditions = try conditions { world in
            let id = world[store: "demo-failover"]["matriarch.dev/request-id"] ?? .null
            let result: JSONValue = ["id": id, "outcome": "failed", "reason": .string(Self.freeText)]
            world.clearRequest()
            world[store: "demo-config"] = ["matriarch.dev/switchover-result": .string(result.serialized())]
        }
        expectKnownReasons(conditions)
        #expect(conditions.last?.reason == "Refused")
        #expect(conditions.last?.message.contains(Self.freeText) == true)
    }

    @Test(arguments: [("Succeeded", "Completed"), ("Failed", "Failed")])
    func `free text in a status of an earlier release does not become a reason again`(
        _ phase: String, _ reason: String
    ) throws {
        let conditions = try conditions { world in
            world.switchOver(to: 1, timeline: 2)
            try world.settle()
            world.cluster = world.cluster.merging([
                "status": ["switchover": ["phase": .string(phase), "reason": .string(Self.freeText)]]
            ])
        }
        expectKnownReasons(conditions)
        #expect(conditions.last?.reason == reason)
    }

    @Test func `a member's state and problem are in messages alone`() throws {
        expectKnownReasons(
            try conditions { world in
                world.observed.pods[1] = world.member(
                    1, role: "replica", state: Self.freeText, isReady: false, problem: Self.freeText)
            })
        expectKnownReasons(
            try conditions { world in
                world.observed.pods[1] = world.member(1, role: Self.freeText, state: Self.freeText, isReady: false)
            })
    }

    @Test func `a refusal of any length makes a status the API server takes`() throws {
        let long = String(repeating: "no ", count: 2000)
        var message: String?
        _ = try conditions { world in
            let id = world[store: "demo-failover"]["matriarch.dev/request-id"] ?? .null
            let result: JSONValue = ["id": id, "outcome": "failed", "reason": .string(long)]
            world.clearRequest()
            world[store: "demo-config"] = ["matriarch.dev/switchover-result": .string(result.serialized())]
            try world.settle()
            message = try world.status.switchover?.message
        }
        #expect(message?.unicodeScalars.count == SwitchoverStatus.maximumMessageLength)
    }
}
