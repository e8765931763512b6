import ClusterRecords
import KubernetesClient
import KubernetesModels
import Operator
import OperatorPlan
import PostgresClusterAPI
import TestSupport
import Testing

/// A new image is asked through a StatefulSet; there is no kubelet here, so the test is the Pod.
@Suite(.timeLimit(.minutes(3))) struct ImageTests {
    private static let other = "registry.example.com/postgres@sha256:0f0f"

    private func image(_ lab: OperatorLab) async throws -> String? {
        try await lab.object(StatefulSet.resource, "demo")
            .value(at: "spec", "template", "spec", "containers")?[0]?["image"]?.stringValue
    }

    private func checkName(_ lab: OperatorLab) async throws -> String {
        Scope.imageCheck(clusterUID: try await lab.cluster().metadata.uid ?? "")
    }

    /// What the StatefulSet controller and a kubelet do: the Pod runs and ends with `text` as its last words.
    private func answer(_ text: String, _ lab: OperatorLab) async throws {
        let name = try await checkName(lab)
        try await eventually("the image is asked") { try await lab.isPresent(StatefulSet.self, name) }
        let set = try await lab.object(StatefulSet.resource, name)
        let template = try #require(set.value(at: "spec", "template"))
        var metadata = template["metadata"] ?? [:]
        metadata["name"] = .string("\(name)-0")
        metadata["ownerReferences"] = [
            [
                "apiVersion": "apps/v1", "kind": "StatefulSet", "name": .string(name),
                "uid": set.value(at: "metadata", "uid") ?? .null, "controller": true,
            ]
        ]
        var spec = template["spec"] ?? [:]
        // No controller here makes the account's own.
        spec["serviceAccountName"] = .null
        _ = try await lab.client.createRaw(
            Pod.resource, body: ["metadata": metadata, "spec": spec], namespace: lab.namespace)
        _ = try await lab.client.mergePatchRaw(
            Pod.resource, name: "\(name)-0", namespace: lab.namespace,
            body: [
                "status": [
                    "phase": "Running",
                    "containerStatuses": [
                        [
                            "name": "image-check", "ready": false, "restartCount": 1, "image": "none",
                            "imageID": "none",
                            "state": ["waiting": ["reason": "CrashLoopBackOff"]],
                            "lastState": ["terminated": ["exitCode": 0, "message": .string(text)]],
                        ]
                    ],
                ]
            ], subresource: "status")
    }

    /// Three members that say they run PostgreSQL 15.20.
    private func bringUp(_ lab: OperatorLab) async throws {
        try await lab.apply()
        try await lab.bringUp()
        for ordinal in 0..<3 {
            let status: JSONValue = [
                "role": ordinal == 0 ? "primary" : "replica", "state": "running", "timeline": 1,
                "server_version": 150_020,
            ]
            _ = try await lab.client.mergePatchRaw(
                Pod.resource, name: "demo-\(ordinal)", namespace: lab.namespace,
                body: ["metadata": ["annotations": [StoreKey.memberStatus: .string(status.serialized())]]])
        }
        try await eventually("the version is known") {
            try await lab.cluster().status?.postgresVersion
        } until: {
            $0 == "15.20"
        }
    }

    @Test func `an image of another major version is refused, nothing is rolled, and the question is cleared away`()
        async throws
    {
        let lab = try await OperatorLab()
        try await lab.withOperator { _ in
            try await bringUp(lab)
            let pods = try await lab.client.list(Pod.self, namespace: lab.namespace).items.compactMap(\.metadata.uid)
            try await lab.patch(["image": .string(Self.other)])
            try await answer("17.12", lab)
            try await eventually("the condition") {
                try await lab.condition(.majorVersionChange)
            } until: {
                $0?.status == .true && $0?.reason == "OtherMajorVersion"
            }
            let name = try await checkName(lab)
            try await eventually("the question is over") { try await !lab.isPresent(StatefulSet.self, name) }
            #expect(try await image(lab) == "matriarch-postgres:15")
            #expect(try await lab.recorded("MajorVersionChange").note?.contains("PostgreSQL 17") == true)
            let left = try await lab.client.list(Pod.self, namespace: lab.namespace).items.compactMap(\.metadata.uid)
            #expect(Set(pods).isSubset(of: left))

            try await lab.patch(["image": "matriarch-postgres:15"])
            try await eventually("the condition goes") {
                try await lab.condition(.majorVersionChange)
            } until: {
                $0 == nil
            }
        }
    }

    @Test func `an image of the same major version goes into the template once it has answered`() async throws {
        let lab = try await OperatorLab()
        try await lab.withOperator { _ in
            try await bringUp(lab)
            try await lab.patch(["image": .string(Self.other)])
            let name = try await checkName(lab)
            try await eventually("the image is asked") { try await lab.isPresent(StatefulSet.self, name) }
            #expect(try await image(lab) == "matriarch-postgres:15")
            // The status is written after the objects.
            try await eventually("the condition says so") {
                try await lab.condition(.progressing)
            } until: {
                $0?.reason == "AskingImage"
            }
            try await answer("15.21", lab)
            try await eventually("the template has it") {
                try await image(lab)
            } until: {
                $0 == Self.other
            }
            try await eventually("the question is over") { try await !lab.isPresent(StatefulSet.self, name) }
        }
    }
}
