import ClusterRecords
import KubernetesClient
import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import TestSupport

/// What people, agents and kubelet do to a cluster.
extension OperatorLab {
    // MARK: People

    func apply(_ name: String = "demo", instances: Int = 3, _ more: [String: JSONValue] = [:]) async throws {
        var spec: [String: JSONValue] = [
            "instances": JSONValue(instances), "image": "matriarch-postgres:15", "storage": ["size": "1Gi"],
        ]
        spec.merge(more) { _, new in new }
        _ = try await client.createRaw(
            PostgresCluster.resource,
            body: ["metadata": ["name": .string(name), "namespace": .string(namespace)], "spec": .object(spec)],
            namespace: namespace)
    }

    func patch(_ spec: JSONValue, of name: String = "demo") async throws {
        _ = try await client.mergePatchRaw(
            PostgresCluster.resource, name: name, namespace: namespace, body: ["spec": spec])
    }

    /// Makes the operator look without changing what is wanted.
    func touch(_ value: String, _ name: String = "demo") async throws {
        _ = try await client.mergePatchRaw(
            PostgresCluster.resource, name: name, namespace: namespace,
            body: ["metadata": ["annotations": ["touched": .string(value)]]])
    }

    // MARK: Agents and kubelet

    /// A member's Pod as kubelet and agent describe it, running and ready.
    ///
    /// - Parameter address: nil where nothing is led there.
    func putMember(
        _ ordinal: Int, role: String, timeline: Int = 1, cluster: String = "demo", address: String? = nil
    ) async throws {
        let name = "\(cluster)-\(ordinal)"
        let status: JSONValue = [
            "role": .string(role), "state": "running", "timeline": JSONValue(timeline), "xlog_location": 100,
            "route": "EndpointSlice",
        ]
        var labels = Labels.all(cluster: cluster, component: "postgres")
        labels[Labels.role] = role
        let metadata: JSONValue = [
            "name": .string(name), "namespace": .string(namespace), "labels": JSONValue(labels),
            "annotations": [StoreKey.memberStatus: .string(status.serialized())],
        ]
        if try await isPresent(Pod.self, name) {
            _ = try await client.mergePatchRaw(
                Pod.resource, name: name, namespace: namespace, body: ["metadata": metadata])
        } else {
            _ = try await client.createRaw(
                Pod.resource,
                body: [
                    "metadata": metadata,
                    // Kubernetes' controllers of endpoints want to know the node.
                    "spec": address == nil
                        ? ["containers": [["name": "postgres", "image": "none"]]]
                        : ["containers": [["name": "postgres", "image": "none"]], "nodeName": "node-1"],
                ],
                namespace: namespace)
        }
        var reported: JSONValue = [
            "phase": "Running", "conditions": [["type": "Ready", "status": "True"]],
            "containerStatuses": [
                [
                    "name": "postgres", "ready": true, "restartCount": 0, "image": "none", "imageID": "none",
                    "state": ["running": ["startedAt": "2026-01-01T00:00:00Z"]],
                ]
            ],
        ]
        if let address {
            reported["podIP"] = .string(address)
            reported["podIPs"] = [["ip": .string(address)]]
        }
        _ = try await client.mergePatchRaw(
            Pod.resource, name: name, namespace: namespace, body: ["status": reported], subresource: "status")
    }

    /// The lock in the store.
    func putLock(_ holder: String, cluster: String = "demo", renewed: String = "1") async throws {
        try await annotate("\(cluster)-leader", ["leader": .string(holder), "renewTime": .string(renewed)], cluster)
    }

    /// Annotations of an object of the store, made if need be.
    func annotate(_ name: String, _ annotations: JSONValue, _ cluster: String = "demo") async throws {
        let metadata: JSONValue = [
            "name": .string(name), "namespace": .string(namespace),
            "labels": JSONValue(Labels.all(cluster: cluster, component: "store")), "annotations": annotations,
        ]
        if try await isPresent(ConfigMap.self, name) {
            _ = try await client.mergePatchRaw(
                ConfigMap.resource, name: name, namespace: namespace, body: ["metadata": metadata])
        } else {
            _ = try await client.createRaw(ConfigMap.resource, body: ["metadata": metadata], namespace: namespace)
        }
    }

    /// Three running members with demo-0 leading, as the operator sees them.
    func bringUp(members: Int = 3, leader: Int = 0) async throws {
        try await eventually("the dynamic configuration") { try await isPresent(ConfigMap.self, "demo-config") }
        try await annotate("demo-config", [StoreKey.initialization: "7123456789012345678"])
        for ordinal in 0..<members {
            try await putMember(ordinal, role: ordinal == leader ? "primary" : "replica")
        }
        try await putLock("demo-\(leader)")
        try await eventually("the cluster is ready") {
            try await cluster().status
        } until: {
            $0?.condition(.ready)?.status == .true && $0?.readyInstances == members
        }
    }

    // MARK: Looking

    func cluster(_ name: String = "demo") async throws -> PostgresCluster {
        try await client.get(PostgresCluster.self, name: name, namespace: namespace)
    }

    func object(_ resource: APIResource, _ name: String) async throws -> JSONValue {
        try await client.getRaw(resource, name: name, namespace: namespace)
    }

    func isPresent<R: KubernetesResource>(_ type: R.Type, _ name: String) async throws -> Bool {
        do throws(KubernetesError) {
            _ = try await client.get(type, name: name, namespace: namespace)
            return true
        } catch {
            guard error.isNotFound else { throw error }
            return false
        }
    }

    func condition(_ kind: Condition.Kind, _ name: String = "demo") async throws -> Condition? {
        try await cluster(name).status?.condition(kind)
    }

    func failover() async throws -> [String: String] {
        do throws(KubernetesError) {
            return try await client.get(ConfigMap.self, name: "demo-failover", namespace: namespace).metadata
                .annotations ?? [:]
        } catch {
            guard error.isNotFound else { throw error }
            return [:]
        }
    }

    func events(_ reason: String) async throws -> [Event] {
        try await client.list(Event.self, namespace: namespace).items.filter { $0.reason == reason }
    }

    func recorded(_ reason: String) async throws -> Event {
        let found = try await eventually("an event \(reason)") {
            try await events(reason)
        } until: {
            !$0.isEmpty
        }
        guard let first = found.first else { throw FixtureError("no event \(reason)") }
        return first
    }

    /// Everything the operator keeps, by kind and name, with the version it has.
    func versions(cluster: String = "demo") async throws -> [String: String] {
        var versions: [String: String] = [:]
        let keys = Observed.objectsToRead(
            of: Scope(namespace: namespace, cluster: cluster), lockObject: .configMap,
            capabilities: Capabilities(podDisruptionBudget: .podDisruptionBudgetV1Beta1))
        let secrets = ["superuser", "replication", "rewind", "app"].map {
            ObjectKey(Secret.resource, "\(cluster)-\($0)")
        }
        // There are neither where the spec has no section for them.
        let optional = [ObjectKey(ConfigMap.resource, "\(cluster)-roles")]
        for key in keys.filter({ $0.resource != .networkPolicy && !optional.contains($0) }) + secrets + [
            ObjectKey(ConfigMap.resource, "\(cluster)-config")
        ] {
            let live = try await object(key.resource, key.name)
            versions["\(key)"] = live.value(at: "metadata", "resourceVersion")?.stringValue
        }
        return versions
    }
}
