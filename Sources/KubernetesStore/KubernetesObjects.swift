public import ClusterRecords
public import ClusterStore
import HighAvailability
public import KubernetesClient
import KubernetesModels

/// The store's objects as ConfigMaps or Endpoints, and the members' Pods.
public struct KubernetesObjects: StoreObjects {
    private let client: KubernetesClient
    private let lockClient: KubernetesClient
    private let scope: Scope
    private let resource: APIResource

    /// - Parameters:
    ///   - client: for everything but the lock.
    ///   - lockClient: with a connection and a thread of its own, so that no other traffic delays a renewal.
    public init(client: KubernetesClient, lockClient: KubernetesClient, scope: Scope, lockObject: LockObject) {
        self.client = client
        self.lockClient = lockClient
        self.scope = scope
        resource =
            switch lockObject {
            case .configMap: ConfigMap.resource
            case .endpoints: Endpoints.resource
            }
    }

    private func client(_ lane: StoreLane) -> KubernetesClient {
        switch lane {
        case .lock: lockClient
        case .other: client
        }
    }

    public func read(_ name: String, over lane: StoreLane, within limit: Duration) async throws -> StoredObject? {
        do {
            return StoredObject(
                try await client(lane).getRaw(resource, name: name, namespace: scope.namespace, deadline: limit))
        } catch  where error.isNotFound {
            return nil
        }
    }

    public func patch(
        _ name: String, _ annotations: [String: String?], version: String?, target: RoutingTarget?,
        over lane: StoreLane, within limit: Duration
    ) async throws -> StoredObject {
        var metadata: JSONValue = ["annotations": Self.json(annotations)]
        if let version { metadata["resourceVersion"] = .string(version) }
        var body: JSONValue = ["metadata": metadata]
        if let target { body["subsets"] = Self.subsets(target) }
        return StoredObject(
            try await client(lane).mergePatchRaw(
                resource, name: name, namespace: scope.namespace, body: body, deadline: limit))
    }

    public func create(
        _ name: String, _ annotations: [String: String], target: RoutingTarget?, over lane: StoreLane,
        within limit: Duration
    ) async throws -> StoredObject {
        var body: JSONValue = [
            "apiVersion": .string(resource.apiVersion), "kind": .string(resource.kind),
            "metadata": [
                "name": .string(name), "namespace": .string(scope.namespace),
                "labels": JSONValue(Labels.all(cluster: scope.cluster, component: Component.store)),
                "annotations": JSONValue(annotations),
            ],
        ]
        if let target { body["subsets"] = Self.subsets(target) }
        return StoredObject(
            try await client(lane).createRaw(resource, body: body, namespace: scope.namespace, deadline: limit))
    }

    public func podUIDs(within limit: Duration) async throws -> Set<String> {
        let list = try await client.list(
            Pod.self, namespace: scope.namespace, labelSelector: scope.selector, deadline: limit)
        return Set(list.items.compactMap(\.metadata.uid))
    }

    public func patchPod(
        _ name: String, podUID: String?, annotations: [String: String?], labels: [String: String?],
        within limit: Duration
    ) async throws {
        var metadata: JSONValue = [:]
        if !annotations.isEmpty { metadata["annotations"] = Self.json(annotations) }
        if !labels.isEmpty { metadata["labels"] = Self.json(labels) }
        if let podUID { metadata["uid"] = .string(podUID) }
        _ = try await client.mergePatchRaw(
            Pod.resource, name: name, namespace: scope.namespace, body: ["metadata": metadata], deadline: limit)
    }

    /// An absent value is written as null, which removes what is there.
    private static func json(_ texts: [String: String?]) -> JSONValue {
        .object(texts.mapValues { $0.map { .string($0) } ?? .null })
    }

    private static func subsets(_ target: RoutingTarget) -> JSONValue {
        var address: JSONValue = [
            "ip": .string(target.address),
            "targetRef": ["kind": "Pod", "name": .string(target.pod), "uid": .string(target.podUID)],
        ]
        if let node = target.node { address["nodeName"] = .string(node) }
        return [["addresses": [address], "ports": [["name": "postgres", "port": .int(Int64(target.port))]]]]
    }
}

extension StoredObject {
    init(_ json: JSONValue) {
        let metadata = json["metadata"]
        let annotations = metadata?["annotations"]?.stringMapValue ?? [:]
        self.init(
            record: LockRecord(
                version: metadata?["resourceVersion"]?.stringValue ?? "", objectUID: metadata?["uid"]?.stringValue,
                annotations: annotations), annotations: annotations)
    }
}
