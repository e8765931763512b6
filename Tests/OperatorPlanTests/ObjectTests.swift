import ClusterRecords
import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import Testing

@Suite struct ObjectTests {
    /// A settled new cluster.
    private func made(_ spec: JSONValue = [:]) throws -> World {
        var world = World(spec)
        try world.settle()
        return world
    }

    private func object(_ world: World, _ resource: APIResource, _ name: String) throws -> JSONValue {
        try #require(world.observed.objects[ObjectKey(resource, name)], "\(resource)/\(name)")
    }

    @Test func `a new cluster gets everything it needs, the StatefulSet last`() throws {
        var world = World()
        let done = try world.settle()
        let order = done.compactMap { change -> String? in
            switch change {
            case .apply(let key, _): "\(key)"
            case .createSecret(let secret): "secret \(secret.name)"
            case .writeStore(let write): "store \(write.key.name)"
            case .patchMetadata: "finalizer"
            case .delete, .patch, .patchStatus, .event: nil
            }
        }
        #expect(
            order == [
                "finalizer", "store demo-config", "secret demo-superuser", "secret demo-replication",
                "secret demo-rewind", "secret demo-app", "serviceaccounts/demo", "roles.rbac.authorization.k8s.io/demo",
                "rolebindings.rbac.authorization.k8s.io/demo", "configmaps/demo-agent", "services/demo",
                "services/demo-ro", "services/demo-pods", "poddisruptionbudgets.policy/demo", "statefulsets.apps/demo",
            ])
        #expect(try world.planned().isEmpty)
        let events = world.takeEvents()
        #expect(events == ["Created: Creating cluster demo"])
    }

    @Test func `everything but the volumes belongs to the cluster`() throws {
        let world = try made()
        for (key, body) in world.observed.objects {
            let owner = body.value(at: "metadata", "ownerReferences")?[0]
            #expect(owner?["uid"] == "u-1" && owner?["controller"] == true, "\(key)")
            #expect(body.value(at: "metadata", "labels", "cluster-name") == "demo", "\(key)")
        }
        let set = try object(world, StatefulSet.resource, "demo")
        let claim = try #require(set.value(at: "spec", "volumeClaimTemplates")?[0])
        #expect(claim.value(at: "metadata", "ownerReferences") == nil)
        #expect(claim.value(at: "spec", "resources", "requests", "storage") == "10Gi")
    }

    @Test func `a password is in no plan and a Secret that exists is never written`() throws {
        var world = World()
        let secrets = try world.settle().compactMap { change -> SecretRequest? in
            if case .createSecret(let secret) = change { secret } else { nil }
        }
        let body = try #require(secrets.first).body(password: "hunter2")
        #expect(body.value(at: "stringData", "password") == "hunter2")
        #expect(!"\(secrets)".contains("hunter2"))
        world.patch(["instances": 5])
        let later = try world.settle()
        #expect(!later.contains { if case .createSecret = $0 { true } else { false } })
    }

    @Test func `Pods satisfy the restricted profile`() throws {
        let pod = try #require(
            object(made(), StatefulSet.resource, "demo").value(at: "spec", "template", "spec"))
        let security = try #require(pod["securityContext"])
        #expect(security["runAsNonRoot"] == true && security["runAsUser"] == 10026)
        #expect(security.value(at: "seccompProfile", "type") == "RuntimeDefault")
        let container = try #require(pod["containers"]?[0]?["securityContext"])
        #expect(container["allowPrivilegeEscalation"] == false && container["readOnlyRootFilesystem"] == true)
        #expect(container.value(at: "capabilities", "drop") == ["ALL"])
        let allowed: Set = ["name", "projected", "emptyDir"]
        for volume in pod["volumes"]?.arrayValue ?? [] {
            let keys = Set(volume.objectValue.map { Array($0.keys) } ?? [])
            #expect(keys.isSubset(of: allowed), "\(volume)")
        }
    }

    /// If this test fails, an upgrade of the operator restarts every database in the world. Do not adapt the figure.
    @Test func `the Pod template of a spec never changes between versions`() throws {
        for (world, figure) in [
            (try World.madeBeforeApplications(), "1546c29c4191bf01"),
            (try World.madeBeforeProbePorts(), "e136877a6d97f06f"), (try made(), "5598d615ef21d1fb"),
        ] {
            let set = try object(world, StatefulSet.resource, "demo")
            var hash = StableHash()
            hash.combine(try #require(set.value(at: "spec", "template")).serialized())
            #expect(hash.hexadecimal == figure)
        }
    }

    @Test func `callbacks are mounted to be read and run, and need no more permissions`() throws {
        let without = try made()
        let world = try made(["callbacks": ["configMapName": "demo-callbacks", "timeout": 20]])
        let pod = try #require(object(world, StatefulSet.resource, "demo").value(at: "spec", "template", "spec"))
        #expect(
            pod["volumes"]?.arrayValue?.last == [
                "name": "callbacks",
                "configMap": ["name": "demo-callbacks", "defaultMode": 0o555, "optional": true],
            ])
        #expect(
            pod["containers"]?[0]?["volumeMounts"]?.arrayValue?.last == [
                "name": "callbacks", "mountPath": "/etc/matriarch-callbacks", "readOnly": true,
            ])
        let file = try object(world, ConfigMap.resource, "demo-agent").value(at: "data", "agent.json")?.stringValue
        #expect(try JSONValue(parsing: file ?? "").value(at: "callbacks", "timeout") == 20)
        #expect(try object(world, Role.resource, "demo")["rules"] == object(without, Role.resource, "demo")["rules"])
    }

    @Test func `the agents' Role names what can be named`() throws {
        let rules = try #require(object(made(), Role.resource, "demo")["rules"]?.arrayValue)
        for rule in rules {
            let verbs = Set(rule["verbs"]?.arrayValue?.compactMap(\.stringValue) ?? [])
            // Neither is called by an agent.
            #expect(verbs.isDisjoint(with: ["*", "update", "delete"]), "\(rule)")
            let resources = rule["resources"]?.arrayValue?.compactMap(\.stringValue) ?? []
            if verbs.contains("patch") { #expect(rule["resourceNames"] != nil, "\(rule)") }
            #expect(Set(resources).isDisjoint(with: ["secrets", "pods/exec", "events"]))
        }
        let pods = rules.first { $0["resources"] == ["pods"] && $0["resourceNames"] != nil }
        #expect(pods?["resourceNames"] == ["demo-0", "demo-1", "demo-2"])
    }

    @Test func `with Endpoints the read-write Service selects nothing and the agents may write them`() throws {
        let world = try made(["highAvailability": ["lockObject": "Endpoints"]])
        let spec = try #require(object(world, Service.resource, "demo")["spec"])
        #expect(spec["selector"] == nil)
        #expect(spec["ports"]?[0]?["name"] == "postgres")
        let rules = try #require(object(world, Role.resource, "demo")["rules"]?.arrayValue)
        #expect(rules.contains { $0["resources"] == ["endpoints"] && $0["resourceNames"]?[0] == "demo" })
        #expect(!rules.contains { $0["resources"] == ["configmaps"] })
    }

    /// The controller manager deletes Endpoints without a Service at its start. Without `demo-sync` anybody may lead.
    @Test func `with Endpoints every object of the store has a Service that keeps it`() throws {
        let world = try made(["highAvailability": ["lockObject": "Endpoints"]])
        for name in ["demo-config", "demo-failover", "demo-sync"] {
            let service = try object(world, Service.resource, name)
            #expect(service["spec"] == ["clusterIP": "None"], "\(name)")
        }
        let rules = try #require(object(world, Role.resource, "demo")["rules"]?.arrayValue)
        for name in rules.first(where: { $0["resources"] == ["endpoints"] })?["resourceNames"]?.arrayValue ?? [] {
            _ = try object(world, Service.resource, name.stringValue ?? "")
        }
        let other = try made()
        #expect(other.observed.objects.keys.filter { $0.resource == Service.resource }.count == 3)
    }

    @Test func `an API server without policy/v1 gets v1beta1, and one without either gets an Event`() throws {
        var old = World()
        old.observed.capabilities = Capabilities(podDisruptionBudget: .podDisruptionBudgetV1Beta1)
        try old.settle()
        let key = ObjectKey(.podDisruptionBudgetV1Beta1, "demo")
        #expect(old.observed.objects[key]?["apiVersion"] == "policy/v1beta1")
        var none = World()
        none.observed.capabilities = Capabilities(podDisruptionBudget: nil)
        try none.settle()
        let events = none.takeEvents()
        #expect(events.contains { $0.hasPrefix("GroupVersionNotServed") })
    }

    @Test func `one instance has no disruption budget, because its drain would hang`() throws {
        var world = try made()
        world.patch(["instances": 1])
        world.run(3, leader: 0)
        try world.settle()
        #expect(world.observed.objects[ObjectKey(PodDisruptionBudget.resource, "demo")] == nil)
    }

    @Test func `what somebody else changed or removed is put back`() throws {
        var world = try made()
        let key = ObjectKey(Service.resource, "demo-ro")
        world.observed.objects[key] = world.observed.objects[key]?.merging([
            "spec": ["selector": ["role": "primary"]]
        ])
        #expect(try world.planned().changes.count == 1)
        try world.settle()
        #expect(try object(world, Service.resource, "demo-ro").value(at: "spec", "selector", "role") == "replica")
    }

    @Test func `the read-only Service leads to replicas that may be read from`() throws {
        let service = try object(try made(), Service.resource, "demo-ro")
        #expect(service.value(at: "spec", "selector", "role") == "replica")
        #expect(service.value(at: "spec", "selector", "matriarch.dev/load-balanced") == "true")
    }

    @Test func `what the server fills in by itself is no difference`() throws {
        var world = try made()
        let key = ObjectKey(StatefulSet.resource, "demo")
        world.observed.objects[key] = world.observed.objects[key]?.merging([
            "spec": ["revisionHistoryLimit": 10, "template": ["spec": ["dnsPolicy": "ClusterFirst"]]],
            "status": ["replicas": 3],
        ])
        #expect(try world.planned().isEmpty)
    }

    /// API servers before 1.25 know no CEL, and the StatefulSet would refuse it for good.
    @Test(
        arguments: [
            (
                JSONValue.null, "fast",
                "storageClassName: fast: storageClassName cannot change: existing volumes stay where they are; they were made "
                    + "with the default class"
            ),
            (
                "fast", "slow",
                "storageClassName: slow: storageClassName cannot change: existing volumes stay where they are; they were made "
                    + "with fast"
            ),
            (
                "fast", .null,
                "storageClassName: storageClassName cannot change: existing volumes stay where they are; they were made with "
                    + "fast"
            ),
        ] as [(JSONValue, JSONValue, String)])
    func `another storage class is refused in the spec, and what runs goes on`(
        _ before: JSONValue, _ after: JSONValue, _ message: String
    ) throws {
        var world = try made(before.isNull ? [:] : ["storage": ["size": "10Gi", "storageClassName": before]])
        world.patch(["storage": ["storageClassName": after], "instances": 5])
        try world.settle()
        #expect(world.replicas == 3)
        #expect(try world.condition(.configurationValid) == "False InvalidSpec")
        #expect(try world.status.condition(.configurationValid)?.message == "spec.storage." + message)
        world.patch(["storage": ["storageClassName": before]])
        try world.settle()
        #expect(world.replicas == 5)
        #expect(try world.condition(.configurationValid) == "True Accepted")
    }

    @Test func `a field taken out of the spec is taken out of the object`() throws {
        var world = try made(["priorityClassName": "database"])
        world.patch(["priorityClassName": nil])
        let applied = try world.settle().contains {
            if case .apply(let key, _) = $0 { key.resource == StatefulSet.resource } else { false }
        }
        #expect(applied)
    }

    @Test func `an object of somebody else is left alone and named`() throws {
        var world = World()
        let key = ObjectKey(Service.resource, "demo")
        world.observed.objects[key] = ["metadata": ["name": "demo"], "spec": ["type": "ExternalName"]]
        try world.settle()
        #expect(world.observed.objects[key]?.value(at: "spec", "type") == "ExternalName")
        #expect(try world.condition(.degraded) == "True ObjectNotOurs")
        let events = world.takeEvents()
        #expect(events.contains { $0.contains("services/demo exists and belongs to somebody else") })
    }

    @Test func `the dynamic configuration has Patroni's keys and keeps foreign ones`() throws {
        var world = World(["highAvailability": ["profile": "fast"], "postgresql": ["parameters": ["work_mem": "8MB"]]])
        world[store: "demo-config"] = [
            "config":
                #"{"ttl":30,"synchronous_mode":"on","synchronous_node_count":2,"failsafe_mode":false,"slots":{"mine":{}},"postgresql":{"parameters":{"old":"1"}}}"#
        ]
        try world.settle()
        let text = try #require(world[store: "demo-config"]["config"]?.stringValue)
        let config = try JSONValue(parsing: text)
        #expect(config["ttl"] == 10 && config["loop_wait"] == 2 && config["retry_timeout"] == 3)
        #expect(config.value(at: "matriarch", "fence_margin") == 1.5)
        #expect(config["maximum_lag_on_failover"] == 1_048_576)
        #expect(config["primary_start_timeout"] == 300)
        #expect(config["primary_stop_timeout"] == 30)
        #expect(config["pause"] == false)
        // The store says what is, whatever somebody wrote there.
        #expect(config["synchronous_mode"] == "off" && config["failsafe_mode"] == true)
        #expect(config["synchronous_node_count"] == 1 && config["synchronous_mode_strict"] == false)
        #expect(config.value(at: "postgresql", "parameters") == ["work_mem": "8MB"])
        #expect(config.value(at: "slots", "mine") == [:])
    }

    @Test func `the synchronous mode is stored in Patroni's keys`() throws {
        let synchronous: JSONValue = ["mode": "quorum", "standbys": 2, "strict": true]
        let world = try made(["highAvailability": ["synchronous": synchronous]])
        let text = try #require(world[store: "demo-config"]["config"]?.stringValue)
        let config = try JSONValue(parsing: text)
        #expect(config["synchronous_mode"] == "quorum")
        #expect(config["synchronous_node_count"] == 2 && config["synchronous_mode_strict"] == true)
    }

    @Test func `agents read lock object, bootstrap and tags from their file`() throws {
        let world = try made([
            "instanceOverrides": [
                [
                    "name": "demo-2",
                    "tags": ["nofailover": true, "failoverPriority": 0, "nosync": true, "syncPriority": 3],
                ],
                [
                    "name": "demo-1",
                    "tags": ["replicatefrom": "demo-0", "clonefrom": true, "noloadbalance": true],
                ],
            ]
        ])
        let text = try #require(
            object(world, ConfigMap.resource, "demo-agent").value(at: "data", "agent.json")?.stringValue)
        let agent = try JSONValue(parsing: text)
        #expect(agent["cluster"] == "demo" && agent["lockObject"] == "ConfigMap")
        #expect(agent.value(at: "bootstrap", "initdb", "dataChecksums") == true)
        #expect(
            agent.value(at: "tags", "demo-2") == [
                "nofailover": true, "failover_priority": 0, "nosync": true, "sync_priority": 3,
            ])
        #expect(
            agent.value(at: "tags", "demo-1") == [
                "replicatefrom": "demo-0", "clonefrom": true, "noloadbalance": true,
            ])
    }
}
