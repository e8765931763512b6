import ClusterRecords
import KubernetesClient
import KubernetesModels
import Operator
import PostgresClusterAPI
import TestSupport
import Testing

@testable import CommandLineTool

/// What status says of locks and Pods at a real API server.
@Suite(.timeLimit(.minutes(3))) struct TruthTests {
    private func putLock(_ lab: OperatorLab, renewed: Int) async throws {
        try await lab.annotate(
            "demo-leader", ["leader": "demo-0", "renewTime": .string("\(renewed)"), "ttl": "4"])
    }

    @Test func `a leader that stops renewing its lock is suspect, and not any more when it renews`() async throws {
        let lab = try await OperatorLab()
        try await lab.withOperator { _ in
            try await lab.apply()
            try await lab.bringUp()
            try await putLock(lab, renewed: 2)
            try await eventually(within: .seconds(15), "the leader is suspect") {
                try await lab.condition(.primaryAvailable)
            } until: {
                $0?.reason == "LockNotRenewed" && $0?.status == .unknown
            }
            #expect(try await lab.cluster().status?.lockNotRenewedSince != nil)
            #expect(try await lab.recorded("LockNotRenewed").note?.contains("demo-0 holds the lock") == true)
            try await putLock(lab, renewed: 3)
            try await eventually("it renews") {
                try await lab.condition(.primaryAvailable)
            } until: {
                $0?.reason == "PrimaryRunning"
            }
            #expect(try await lab.cluster().status?.lockNotRenewedSince == nil)
        }
    }

    @Test func `a Pod no node takes is told in the scheduler's words, and its claim with it`() async throws {
        let lab = try await OperatorLab()
        try await lab.withOperator { _ in
            try await lab.apply()
            try await lab.bringUp()
            _ = try await lab.client.createRaw(
                PersistentVolumeClaim.resource,
                body: [
                    "metadata": [
                        "name": "data-demo-2", "labels": JSONValue(Labels.all(cluster: "demo", component: "postgres")),
                    ],
                    "spec": [
                        "accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "1Gi"]],
                    ],
                ], namespace: lab.namespace)
            _ = try await lab.client.mergePatchRaw(
                Pod.resource, name: "demo-2", namespace: lab.namespace,
                body: [
                    "status": [
                        "phase": "Pending", "containerStatuses": [],
                        "conditions": [
                            ["type": "PodScheduled", "status": "False", "message": "0/1 nodes are available"]
                        ],
                    ]
                ], subresource: "status")
            let unready = try await eventually("the scheduler's words") {
                try await lab.cluster().status?.unready
            } until: {
                $0?.first?.message.contains("cannot be scheduled") == true
            }
            #expect(unready?.map(\.name) == ["demo-2"])
            #expect(
                unready?.first?.message
                    == "cannot be scheduled: 0/1 nodes are available; its volume claim is Pending")
            // A minute is not over.
            #expect(try await lab.condition(.degraded)?.reason != "MemberMissing")
        }
    }

    @Test func `a member that does not answer is unknown in the list, and shown as it published to who may not ask`()
        async throws
    {
        let lab = try await OperatorLab()
        try await lab.withOperator { _ in
            try await lab.apply()
            try await lab.bringUp()
            // Nobody listens there.
            let asked = try await ClusterReader(client: lab.client).listing("demo", namespace: lab.namespace)
            #expect(asked.members.map(\.state) == ["unknown", "unknown", "unknown"])
            #expect(asked.members.map(\.role.leads) == [true, false, false])
            // The operator's own account has no right to the proxy.
            let client = KubernetesClient(configuration: lab.operatorConfiguration)
            defer { client.shutdown() }
            let shown = try await ClusterReader(client: client).listing("demo", namespace: lab.namespace)
            #expect(shown.members.map(\.state) == ["running", "running", "running"])
        }
    }

    @Test func `a scheduled switchover and a lock that is not renewed stand in the list`() async throws {
        let lab = try await OperatorLab()
        try await lab.withOperator { _ in
            try await lab.apply()
            try await lab.bringUp()
            try await lab.patch(["switchover": ["candidate": "demo-1", "notBefore": "2099-01-01T04:00:00Z"]])
            try await putLock(lab, renewed: 2)
            let reader = ClusterReader(client: lab.client)
            let listing = try await eventually(within: .seconds(15), "the operator's word") {
                try await reader.listing("demo", namespace: lab.namespace)
            } until: {
                $0.members.first?.lockUnrenewedSince != nil && $0.scheduledSwitchover != nil
            }
            #expect(listing.scheduledSwitchover?.at == "2099-01-01T04:00:00Z")
            #expect(listing.scheduledSwitchover?.to == "demo-1")
            #expect(listing.members.map { $0.lockUnrenewedSince == nil } == [false, true, true])
        }
    }
}
