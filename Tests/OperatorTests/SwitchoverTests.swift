import ClusterRecords
import KubernetesClient
import KubernetesModels
import Operator
import PostgresClusterAPI
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3))) struct SwitchoverTests {
    /// What the leader's agent leaves behind.
    private func answer(_ lab: OperatorLab, from: String, to: String) async throws {
        let id = try await lab.failover()[StoreKey.requestID] ?? ""
        let result: JSONValue = [
            "id": .string(id), "outcome": "succeeded", "from": .string(from), "to": .string(to), "outageMillis": 321,
        ]
        try await lab.annotate("demo-config", [StoreKey.switchoverResult: .string(result.serialized())])
        try await lab.annotate(
            "demo-failover",
            [
                StoreKey.leader: .null, StoreKey.member: .null,
                StoreKey.requestID: .null,
            ])
    }

    @Test func `a switchover request reaches the store at once and its result the status`() async throws {
        let lab = try await OperatorLab()
        try await lab.withOperator { _ in
            try await lab.apply()
            try await lab.bringUp()
            try await lab.patch(["switchover": ["candidate": "demo-1"]])
            let patched = ContinuousClock.now
            let request = try await eventually("the request") {
                try await lab.failover()
            } until: {
                !$0.isEmpty
            }
            // Nothing polls: an event that got lost would be noticed after ten minutes. The time itself is measured alone.
            #expect(patched.duration(to: .now) < .seconds(5))
            #expect(request[StoreKey.leader] == "demo-0")
            #expect(request[StoreKey.member] == "demo-1")
            #expect(request[StoreKey.requestID]?.isEmpty == false)
            try await eventually("in progress") {
                try await lab.cluster().status?.switchover?.phase
            } until: {
                $0 == .inProgress
            }

            try await lab.putMember(1, role: "primary", timeline: 2)
            try await lab.putMember(0, role: "replica", timeline: 2)
            try await lab.putLock("demo-1")
            try await answer(lab, from: "demo-0", to: "demo-1")
            let status = try await eventually("the result") {
                try await lab.cluster().status
            } until: {
                $0?.switchover?.phase == .succeeded && $0?.primary == "demo-1"
            }
            #expect(status?.switchover?.from == "demo-0")
            #expect(status?.switchover?.to == "demo-1")
            #expect(status?.switchover?.outageMillis == 321)
            #expect(status?.condition(.switchoverCompleted)?.status == .true)
            #expect(status?.lastFailover == nil)
            _ = try await lab.recorded("SwitchoverStarted")
            _ = try await lab.recorded("SwitchoverSucceeded")

            // The same block again is no new request.
            try await lab.touch("again")
            try await eventually("settled") {
                try await lab.failover()
            } until: {
                $0.isEmpty
            }
            #expect(try await lab.events("SwitchoverStarted").count == 1)
        }
    }

    @Test func `an unknown candidate is refused with a condition and an event, and nothing happens`() async throws {
        let lab = try await OperatorLab()
        try await lab.withOperator { _ in
            try await lab.apply()
            try await lab.bringUp()
            try await lab.patch(["switchover": ["candidate": "demo-9"]])
            let condition = try await eventually("the condition") {
                try await lab.condition(.switchoverCompleted)
            } until: {
                $0?.status == .false
            }
            #expect(condition?.reason == "UnknownCandidate")
            #expect(condition?.message.contains("demo-9") == true)
            let event = try await lab.recorded("SwitchoverFailed")
            #expect(event.note?.contains("demo-9") == true)
            #expect(try await lab.failover().isEmpty)
        }
    }

    @Test func `scaling down switches a leader on the highest ordinal away first`() async throws {
        let lab = try await OperatorLab()
        try await lab.withOperator { _ in
            try await lab.apply()
            try await lab.bringUp(leader: 2)
            try await lab.patch(["instances": 2])
            let request = try await eventually("the request") {
                try await lab.failover()
            } until: {
                !$0.isEmpty
            }
            #expect(request[StoreKey.leader] == "demo-2")
            #expect(["demo-0", "demo-1"].contains(request[StoreKey.member] ?? ""))
            func replicas() async throws -> Int? {
                try await lab.object(StatefulSet.resource, "demo").value(at: "spec", "replicas")?.intValue
            }
            #expect(try await replicas() == 3)

            let successor = request[StoreKey.member] ?? ""
            let ordinal = successor.hasSuffix("0") ? 0 : 1
            try await lab.putMember(ordinal, role: "primary", timeline: 2)
            try await lab.putMember(2, role: "replica", timeline: 2)
            try await lab.putLock(successor)
            try await answer(lab, from: "demo-2", to: successor)
            try await eventually("replicas go down") {
                try await replicas()
            } until: {
                $0 == 2
            }
            _ = try await lab.recorded("ScaledDown")
        }
    }

    @Test func `a lost leader is told as a failover`() async throws {
        let lab = try await OperatorLab()
        try await lab.withOperator { running in
            try await lab.apply()
            try await lab.bringUp()
            try await lab.putMember(2, role: "primary", timeline: 2)
            try await lab.putMember(0, role: "replica", timeline: 2)
            try await lab.putLock("demo-2")
            let status = try await eventually("the failover") {
                try await lab.cluster().status
            } until: {
                $0?.lastFailover != nil
            }
            #expect(status?.lastFailover?.from == "demo-0")
            #expect(status?.lastFailover?.to == "demo-2")
            #expect(status?.primary == "demo-2")
            _ = try await lab.recorded("FailedOver")
            try await eventually("the metric") {
                running.metric("matriarch_cluster_primary_info", "primary=\"demo-2\"")
            } until: {
                $0 == 1
            }
            #expect(running.metric("matriarch_cluster_primary_info") == 1)
        }
    }
}
