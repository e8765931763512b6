import ClusterRecords
import KubernetesClient
import KubernetesModels
import Operator
import PostgresClusterAPI
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3))) struct RestartTests {
    private func order(_ lab: OperatorLab) async throws -> JSONValue? {
        try await lab.object(ConfigMap.resource, "demo-config").value(at: "metadata", "annotations")?[
            StoreKey.restart]?
            .stringValue.map { try JSONValue(parsing: $0) }
    }

    /// What the agent that is asked says when it is done.
    private func answer(_ lab: OperatorLab, _ order: JSONValue, role: String) async throws {
        let status: JSONValue = [
            "role": .string(role), "state": "running", "timeline": 1,
            "restart": ["id": order["id"] ?? .null, "outcome": "succeeded", "reason": "restarted successfully"],
        ]
        _ = try await lab.client.mergePatchRaw(
            Pod.resource, name: order["member"]?.stringValue ?? "", namespace: lab.namespace,
            body: ["metadata": ["annotations": [StoreKey.memberStatus: .string(status.serialized())]]])
    }

    @Test func `a restart is asked of one member after the other, and its result is in status, condition and events`()
        async throws
    {
        let lab = try await OperatorLab()
        try await lab.withOperator { _ in
            try await lab.apply()
            try await lab.bringUp()
            try await lab.patch(["restart": ["id": "one", "timeout": 60]])
            for member in ["demo-1", "demo-2", "demo-0"] {
                let asked = try await eventually("\(member) is asked") { () -> JSONValue? in
                    try await order(lab)
                } until: { (order: JSONValue?) in
                    order?["member"]?.stringValue == member
                }
                try await answer(lab, try #require(asked), role: member == "demo-0" ? "primary" : "replica")
            }
            let status = try await eventually("the result") {
                try await lab.cluster().status
            } until: {
                $0?.restart?.phase == .succeeded
            }
            #expect(status?.restart?.id == "one")
            #expect(status?.restart?.members?.map(\.phase) == [.restarted, .restarted, .restarted])
            #expect(status?.condition(.restartCompleted)?.status == .true)
            try await eventually("the order is off the store") { try await order(lab) == nil }
            _ = try await lab.recorded("RestartStarted")
            _ = try await lab.recorded("RestartSucceeded")
        }
    }
}
