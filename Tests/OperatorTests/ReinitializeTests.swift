import ClusterRecords
import KubernetesClient
import KubernetesModels
import Operator
import PostgresClusterAPI
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3))) struct ReinitializeTests {
    private func order(_ lab: OperatorLab) async throws -> JSONValue? {
        try await lab.object(ConfigMap.resource, "demo-config").value(at: "metadata", "annotations")?[
            StoreKey.reinitialize]?
            .stringValue.map { try JSONValue(parsing: $0) }
    }

    @Test func `a member is asked to copy the data anew, and its result is in status, condition and events`()
        async throws
    {
        let lab = try await OperatorLab()
        try await lab.withOperator { _ in
            try await lab.apply()
            try await lab.bringUp()
            try await lab.patch(["reinitialize": ["instance": "demo-2", "id": "one"]])
            let asked = try await eventually("demo-2 is asked") { () -> JSONValue? in
                try await order(lab)
            } until: { (order: JSONValue?) in
                order?["member"] == "demo-2"
            }
            let status: JSONValue = [
                "role": "replica", "state": "running", "timeline": 1,
                "reinitialize": [
                    "id": asked?["id"] ?? .null, "outcome": "succeeded", "reason": "reinitialized: the copy streams",
                ],
            ]
            _ = try await lab.client.mergePatchRaw(
                Pod.resource, name: "demo-2", namespace: lab.namespace,
                body: ["metadata": ["annotations": [StoreKey.memberStatus: .string(status.serialized())]]])
            let end = try await eventually("the result") {
                try await lab.cluster().status
            } until: {
                $0?.reinitialize?.phase == .succeeded
            }
            #expect(end?.reinitialize?.id == "one" && end?.reinitialize?.instance == "demo-2")
            #expect(end?.condition(.reinitializeCompleted)?.status == .true)
            try await eventually("the order is off the store") { try await order(lab) == nil }
            _ = try await lab.recorded("ReinitializeStarted")
            _ = try await lab.recorded("ReinitializeSucceeded")
        }
    }
}
