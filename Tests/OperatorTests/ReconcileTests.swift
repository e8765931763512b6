import ClusterRecords
import KubernetesClient
import KubernetesModels
import Operator
import OperatorPlan
import PostgresClusterAPI
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3))) struct ReconcileTests {
    @Test func `applying a resource creates everything, owned by it and labelled`() async throws {
        let lab = try await OperatorLab()
        try await lab.withOperator { running in
            try await lab.apply("demo", ["networkPolicy": [:], "roles": [["name": "alice"]]])
            try await eventually("the StatefulSet") { try await lab.isPresent(StatefulSet.self, "demo") }
            let uid = try await lab.cluster().metadata.uid
            let keys = Observed.objectsToRead(
                of: Scope(namespace: lab.namespace, cluster: "demo"), lockObject: .configMap,
                capabilities: Capabilities(podDisruptionBudget: .podDisruptionBudgetV1Beta1))
            #expect(keys.count == 11)
            for key in keys {
                let metadata = try await lab.object(key.resource, key.name)["metadata"]
                let owner = metadata?["ownerReferences"]?[0]
                #expect(owner?["uid"]?.stringValue == uid, "\(key)")
                #expect(owner?["controller"]?.boolValue == true, "\(key)")
                #expect(metadata?["labels"]?[Labels.managedBy]?.stringValue == "matriarch", "\(key)")
                // Agents watch the objects of the store by it; the list of roles is for the leader alone.
                let isWatched = key.name != "demo-roles"
                #expect((metadata?["labels"]?[Labels.cluster]?.stringValue == "demo") == isWatched, "\(key)")
            }
            for (name, user) in [
                ("superuser", "postgres"), ("replication", "replicator"), ("rewind", "rewinder"), ("app", "app"),
            ] {
                let secret = try await lab.object(Secret.resource, "demo-\(name)")
                #expect(secret["data"]?["username"]?.stringValue?.isEmpty == false, "\(user)")
                // 32 characters are 44 in base64.
                #expect(secret["data"]?["password"]?.stringValue?.count == 44)
            }
            let passwords = try await lab.client.list(Secret.self, namespace: lab.namespace).items.compactMap {
                $0.data?["password"]
            }
            #expect(Set(passwords).count == 4)

            let stored = try await lab.object(ConfigMap.resource, "demo-config")
            let text = try #require(stored.value(at: "metadata", "annotations", "config")?.stringValue)
            let configuration = try JSONValue(parsing: text)
            #expect(configuration["ttl"]?.intValue == 20)
            #expect(configuration["pause"]?.boolValue == false)

            let event = try await lab.recorded("Created")
            #expect(event.regarding?.kind == "PostgresCluster")
            #expect(event.regarding?.uid == uid)
            let status = try await eventually("a status") {
                try await lab.cluster().status
            } until: {
                $0?.observedGeneration == 1
            }
            #expect(status?.condition(.ready)?.status == .false)
            #expect(status?.condition(.configurationValid)?.status == .true)
            #expect(running.health.readyz.isOK)
        }
    }

    @Test func `a second look writes nothing`() async throws {
        let lab = try await OperatorLab()
        try await lab.withOperator { running in
            try await lab.apply()
            try await lab.bringUp()
            // One more look after the last change that came from the test itself.
            for round in 1...3 {
                _ = try await running.reconcilesAtRest()
                let versions = try await lab.versions()
                try await lab.expectNoWrites(of: running, touching: "\(round)")
                #expect(try await lab.versions() == versions)
            }
        }
    }

    @Test func `a leader's renewals are no reason to look`() async throws {
        let lab = try await OperatorLab()
        try await lab.withOperator { running in
            try await lab.apply()
            try await lab.bringUp()
            let settled = try await running.reconcilesAtRest()
            for beat in 2...6 { try await lab.putLock("demo-0", renewed: "\(beat)") }
            // Whatever came late of the bringing-up has come by now; from here on only renewals can cause anything.
            let afterFirst = try await running.reconcilesAtRest()
            #expect(afterFirst <= settled + 1)
            for beat in 7...11 { try await lab.putLock("demo-0", renewed: "\(beat)") }
            #expect(try await running.reconcilesAtRest() == afterFirst)
        }
    }

    @Test func `foreign drift is repaired and secrets stay`() async throws {
        let lab = try await OperatorLab()
        try await lab.withOperator { _ in
            try await lab.apply()
            try await eventually("the StatefulSet") { try await lab.isPresent(StatefulSet.self, "demo") }
            let before = try await lab.versions()
            _ = try await lab.client.mergePatchRaw(
                Service.resource, name: "demo", namespace: lab.namespace,
                body: ["spec": ["selector": ["role": "replica"]]])
            try await lab.client.delete(Service.self, name: "demo-ro", namespace: lab.namespace)
            _ = try await lab.client.mergePatchRaw(
                StatefulSet.resource, name: "demo", namespace: lab.namespace, body: ["spec": ["replicas": 7]])
            try await lab.annotate("demo-config", ["config": #"{"ttl":99,"kept":1}"#])

            try await eventually("the selector is off") {
                try await lab.object(Service.resource, "demo").value(at: "spec", "selector") == nil
            }
            try await eventually("the deleted Service") { try await lab.isPresent(Service.self, "demo-ro") }
            try await eventually("replicas") {
                try await lab.object(StatefulSet.resource, "demo").value(at: "spec", "replicas")?.intValue
            } until: {
                $0 == 3
            }
            try await eventually("the dynamic configuration") {
                try await lab.object(ConfigMap.resource, "demo-config").value(at: "metadata", "annotations", "config")?
                    .stringValue ?? ""
            } until: {
                // What the resource has no field for is kept.
                $0.contains(#""ttl":20"#) && $0.contains(#""kept":1"#)
            }
            let after = try await lab.versions()
            for name in before.keys where name.hasPrefix("secrets/") { #expect(after[name] == before[name]) }
        }
    }

    @Test
    func `the members' NetworkPolicy is made, mended when it was edited or removed, and goes when it is not wanted`()
        async throws
    {
        let lab = try await OperatorLab()
        try await lab.withOperator { running in
            func policy() async throws -> JSONValue? {
                do {
                    return try await lab.object(.networkPolicy, "demo-members")["spec"]
                } catch let error as KubernetesError where error.isNotFound {
                    return nil
                }
            }
            try await lab.apply("demo", ["networkPolicy": ["agents": [["podSelector": ["matchExpressions": []]]]]])
            try await eventually("the StatefulSet") { try await lab.isPresent(StatefulSet.self, "demo") }
            let made = try #require(try await policy())
            #expect(made["ingress"]?.arrayValue?.count == 3)
            #expect(made["policyTypes"] == ["Ingress"])
            // What the API server makes of it is no difference.
            try await lab.expectNoWrites(of: running)

            // Nobody watches it; whatever has the operator look again mends it.
            for (round, edit) in [
                ["ingress": [[:]]], ["podSelector": ["matchLabels": ["team": "shop"]]],
                ["policyTypes": ["Ingress", "Egress"]],
            ].enumerated() as EnumeratedSequence<[JSONValue]> {
                _ = try await lab.client.mergePatchRaw(
                    .networkPolicy, name: "demo-members", namespace: lab.namespace, body: ["spec": edit])
                #expect(try await policy() != made)
                try await lab.touch("edit \(round)")
                try await eventually("the edit is undone: \(edit)") { try await policy() == made }
            }
            _ = try await lab.client.deleteRaw(.networkPolicy, name: "demo-members", namespace: lab.namespace)
            try await lab.touch("removed")
            try await eventually("the policy is back") { try await policy() == made }

            try await lab.patch(["networkPolicy": ["enabled": false]])
            try await eventually("the policy goes") { try await policy() == nil }
            #expect(try await lab.isPresent(StatefulSet.self, "demo"))
        }
    }

    @Test func `bad timings name the formula and change nothing`() async throws {
        let lab = try await OperatorLab()
        try await lab.withOperator { _ in
            try await lab.apply(
                "bad", ["highAvailability": ["ttl": 25, "loopWait": 10, "retryTimeout": 10]])
            let condition = try await eventually("the condition") {
                try await lab.condition(.configurationValid, "bad")
            } until: {
                $0?.status == .false
            }
            #expect(condition?.reason == "InvalidSpec")
            #expect(condition?.message.contains("loopWait + 2·retryTimeout < ttl − fenceMargin") == true)
            #expect(condition?.message.contains("spec.highAvailability") == true)
            let event = try await lab.recorded("InvalidSpec")
            #expect(event.type == "Warning")
            #expect(event.note?.contains("loopWait + 2·retryTimeout < ttl − fenceMargin") == true)
            #expect(try await !lab.isPresent(StatefulSet.self, "bad"))
            #expect(try await !lab.isPresent(Secret.self, "bad-superuser"))

            // Mended, it comes to life.
            try await lab.patch(["highAvailability": ["ttl": 40]], of: "bad")
            try await eventually("the StatefulSet") { try await lab.isPresent(StatefulSet.self, "bad") }
        }
    }

    @Test func `the synchronous mode and failsafe are stored`() async throws {
        let lab = try await OperatorLab()
        try await lab.withOperator { _ in
            try await lab.apply(
                "sync", ["highAvailability": ["synchronous": ["mode": "on"], "failsafe": false]])
            let condition = try await eventually("the condition") {
                try await lab.condition(.configurationValid, "sync")
            } until: {
                $0 != nil
            }
            #expect(condition?.status == .true && condition?.reason == "Accepted")
            let spec = try await lab.object(PostgresCluster.resource, "sync").value(at: "spec", "highAvailability")
            #expect(spec?["lockObject"] == "ConfigMap" && spec?["failsafe"] == false)
            #expect(spec?["synchronous"] == ["mode": "on", "standbys": 1, "strict": false])
            let stored = try await lab.object(ConfigMap.resource, "sync-config")
            let text = try #require(stored.value(at: "metadata", "annotations", "config")?.stringValue)
            let configuration = try JSONValue(parsing: text)
            #expect(configuration["synchronous_mode"] == "on" && configuration["failsafe_mode"] == false)
        }
    }

    /// Without a Service the controller manager deletes Endpoints at its start, and nobody knows who was synchronous.
    @Test func `a lock in Endpoints has a Service for every object of the store`() async throws {
        let lab = try await OperatorLab()
        try await lab.withOperator { running in
            try await lab.apply("demo", ["highAvailability": ["lockObject": "Endpoints"]])
            try await eventually("the StatefulSet") { try await lab.isPresent(StatefulSet.self, "demo") }
            for name in ["demo-config", "demo-failover", "demo-sync"] {
                let spec = try await lab.object(Service.resource, name)["spec"]
                #expect(spec?["clusterIP"] == "None" && spec?["selector"] == nil, "\(name)")
            }
            // What the API server adds to them is no difference.
            try await lab.expectNoWrites(of: running)
        }
    }

    @Test func `what the API server refuses is told in a condition and an event`() async throws {
        let lab = try await OperatorLab()
        try await lab.withOperator { _ in
            try await lab.apply(
                "odd", ["podMetadata": ["annotations": ["not a key!": "x"]]])
            let condition = try await eventually("the condition") {
                try await lab.condition(.degraded, "odd")
            } until: {
                $0?.reason == "ApplyFailed"
            }
            #expect(condition?.message.contains("statefulsets.apps/odd") == true)
            let event = try await lab.recorded("ApplyFailed")
            #expect(event.type == "Warning")

            try await lab.patch(["podMetadata": .null], of: "odd")
            try await eventually("the StatefulSet") { try await lab.isPresent(StatefulSet.self, "odd") }
            try await eventually("the condition goes") {
                try await lab.condition(.degraded, "odd")?.status
            } until: {
                $0 == .false
            }
        }
    }

    @Test func `another storage class is refused before the API server refuses the StatefulSet`() async throws {
        let lab = try await OperatorLab()
        try await lab.withOperator { _ in
            try await lab.apply("classy")
            try await eventually("the StatefulSet") { try await lab.isPresent(StatefulSet.self, "classy") }
            try await lab.patch(["storage": ["storageClassName": "fast"]], of: "classy")
            let condition = try await eventually("the condition") {
                try await lab.condition(.configurationValid, "classy")
            } until: {
                $0?.status == .false
            }
            #expect(condition?.message.contains("spec.storage.storageClassName: fast") == true)
            #expect(try await lab.condition(.degraded, "classy")?.reason != "ApplyFailed")
        }
    }

    @Test func `a failover is told in status and Events although the API server refuses a change`() async throws {
        let lab = try await OperatorLab()
        try await lab.withOperator { _ in
            try await lab.apply()
            try await lab.bringUp()
            try await lab.patch(["podMetadata": ["annotations": ["not a key!": "x"]]])
            try await eventually("the condition") {
                try await lab.condition(.degraded)
            } until: {
                $0?.reason == "ApplyFailed"
            }
            try await lab.putMember(0, role: "replica", timeline: 2)
            try await lab.putMember(1, role: "primary", timeline: 2)
            try await lab.putLock("demo-1")
            let status = try await eventually("the new primary in the status") {
                try await lab.cluster().status
            } until: {
                $0?.primary == "demo-1" && $0?.timeline == 2
            }
            #expect(status?.condition(.degraded)?.reason == "ApplyFailed")
            #expect(status?.lastFailover?.to == "demo-1")
            #expect(try await lab.recorded("FailedOver").note?.contains("demo-1 took over from demo-0") == true)
        }
    }

    @Test func `deletion removes the store and keeps the volumes`() async throws {
        let lab = try await OperatorLab()
        try await lab.withOperator { _ in
            try await lab.apply()
            try await lab.bringUp()
            let labels = Labels.all(cluster: "demo", component: "postgres")
            for ordinal in 0..<3 {
                _ = try await lab.client.createRaw(
                    PersistentVolumeClaim.resource,
                    body: [
                        "metadata": ["name": .string("data-demo-\(ordinal)"), "labels": JSONValue(labels)],
                        "spec": [
                            "accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "1Gi"]],
                        ],
                    ], namespace: lab.namespace)
            }
            try await lab.client.delete(PostgresCluster.self, name: "demo", namespace: lab.namespace)
            try await eventually("the StatefulSet goes") { try await !lab.isPresent(StatefulSet.self, "demo") }
            // As long as an agent may live, the store stays.
            #expect(try await lab.isPresent(ConfigMap.self, "demo-leader"))
            for ordinal in 0..<3 {
                try await lab.client.delete(
                    Pod.self, name: "demo-\(ordinal)", namespace: lab.namespace, gracePeriodSeconds: 0)
            }
            try await eventually("the resource goes") { try await !lab.isPresent(PostgresCluster.self, "demo") }
            #expect(try await !lab.isPresent(ConfigMap.self, "demo-leader"))
            #expect(try await !lab.isPresent(ConfigMap.self, "demo-config"))
            for ordinal in 0..<3 {
                #expect(try await lab.isPresent(PersistentVolumeClaim.self, "data-demo-\(ordinal)"))
            }
            let event = try await lab.recorded("CleanedUp")
            #expect(event.note?.contains("data-demo-2") == true)
        }
    }
}
