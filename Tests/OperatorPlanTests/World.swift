import ClusterRecords
import KubernetesModels
import OperatorPlan
import PostgresClusterAPI

/// An API server of the simplest kind: it does what a plan says, and nothing else happens.
struct World {
    var cluster: JSONValue
    var observed = Observed()
    var now = Timestamp(secondsSince1970: 1_800_000_000)
    private(set) var events: [EventRequest] = []

    init(_ spec: JSONValue = [:]) {
        let minimal: JSONValue = ["image": "matriarch-postgres:15", "storage": ["size": "10Gi"]]
        cluster = [
            "metadata": [
                "name": "demo", "namespace": "default", "uid": "u-1", "generation": 1, "resourceVersion": "100",
            ],
            "spec": minimal.merging(spec),
        ]
    }

    /// Members that run, one of them leading, with everything that led there done and told.
    static func running(_ instances: Int = 3, leader: Int = 0, spec: JSONValue = [:]) throws -> World {
        var world = World(spec.merging(["instances": JSONValue(instances)]))
        try world.settle()
        world.run(instances, leader: leader)
        try world.settle()
        _ = world.takeEvents()
        return world
    }

    var resource: PostgresCluster {
        get throws { try cluster.decoded() }
    }

    var status: PostgresClusterStatus {
        get throws {
            guard let status = try resource.status else { throw NoStatus() }
            return status
        }
    }

    func planned() throws -> Plan {
        try plan(desired: resource, observed: observed, now: now)
    }

    /// Changes the spec as kubectl would.
    mutating func patch(_ spec: JSONValue) {
        cluster = cluster.merging(["spec": spec])
        let generation = cluster.value(at: "metadata", "generation")?.int64Value ?? 0
        cluster = cluster.merging(["metadata": ["generation": .int(generation + 1)]])
    }

    /// Plans and carries out, until nothing is left to do. Returns what was done.
    @discardableResult
    mutating func settle() throws -> [Change] {
        var done: [Change] = []
        for _ in 0..<5 {
            let plan = try planned()
            guard !plan.isEmpty else { return done }
            for change in plan.changes { perform(change) }
            done += plan.changes
        }
        throw NotIdempotent(leftOver: try planned().changes.map { "\($0)" })
    }

    mutating func perform(_ change: Change) {
        switch change {
        case .apply(let key, let body) where key.name == Scope.imageCheck(clusterUID: "u-1"):
            observed.imageCheck = ObservedImageCheck(
                statefulSet: body.merging(["metadata": ["uid": .string("uid-\(body.serialized().count)")]]),
                pod: observed.imageCheck?.pod)
        case .delete(let key, _) where key.name == Scope.imageCheck(clusterUID: "u-1"):
            observed.imageCheck = nil
        case .apply(let key, let body):
            observed.objects[key] = body.merging(["metadata": ["uid": .string("uid-\(key.name)")]])
        case .createSecret(let request): observed.secrets[request.name] = ObjectMeta(ownerReferences: [Self.owner])
        case .delete(let key, _):
            observed.objects[key] = nil
            observed.pods.removeAll { key.resource == Pod.resource && $0.metadata.name == key.name }
            if key.resource == ConfigMap.resource { removeStoreObject(key.name) }
            observed.route.slices.removeAll { $0.value(at: "metadata", "name")?.stringValue == key.name }
            if key.resource == Endpoints.resource { observed.route.endpoints = nil }
        case .writeStore(let write):
            self[store: write.key.name] = write.body.value(at: "metadata", "annotations")?.objectValue ?? [:]
            label(write)
        case .patch(let key, let body):
            observed.objects[key] = observed.objects[key]?.merging(body)
            patchSlice(key.name, body)
        case .patchMetadata(let patch), .patchStatus(let patch): cluster = cluster.merging(patch)
        case .event(let event): events.append(event)
        }
    }

    private mutating func patchSlice(_ name: String, _ body: JSONValue) {
        observed.route.slices = observed.route.slices.map {
            $0.value(at: "metadata", "name")?.stringValue == name ? $0.merging(body) : $0
        }
    }

    /// Three members, of which demo-1 took over from demo-0 on timeline 2; what was told of that is taken.
    static func failedOver() throws -> World {
        var world = World()
        try world.settle()
        world.run(3, leader: 0)
        try world.settle()
        world.run(3, leader: 1, timeline: 2)
        try world.settle()
        _ = world.takeEvents()
        return world
    }

    /// The events since the last call, as `Reason: note`.
    mutating func takeEvents() -> [String] {
        defer { events = [] }
        return events.map { "\($0.reason.rawValue): \($0.note)" }
    }

    private mutating func label(_ write: StoreWrite) {
        let metadata = write.body["metadata"] ?? [:]
        observed.store[write.key.name]?.labels.merge(
            metadata["labels"]?.objectValue?.compactMapValues(\.stringValue) ?? [:]
        ) { $1 }
        guard write.isCreation, metadata["ownerReferences"] != nil else { return }
        observed.store[write.key.name]?.owners = [Self.owner]
    }

    static let owner = OwnerReference(
        apiVersion: "matriarch.dev/v1alpha1", kind: "PostgresCluster", name: "demo", uid: "u-1", controller: true)

    private mutating func removeStoreObject(_ name: String) {
        observed.store[name] = nil
    }

    /// Annotations of a store object; setting merges, as a patch does.
    subscript(store name: String) -> [String: JSONValue] {
        get { observed.store[name]?.annotations.mapValues { .string($0) } ?? [:] }
        set {
            // As the agents make them.
            var object =
                observed.store[name]
                ?? StoreObject(
                    resourceVersion: "1", annotations: [:], labels: Labels.all(cluster: "demo", component: "store"))
            for (key, value) in newValue { object.annotations[key] = value.stringValue }
            observed.store[name] = object
        }
    }
}

struct NotIdempotent: Error {
    let leftOver: [String]
}

struct NoStatus: Error {}

extension StoreSnapshot {
    subscript(name: String) -> StoreObject? {
        get {
            switch name {
            case "demo-leader": leader
            case "demo-config": configuration
            case "demo-failover": failover
            case "demo-sync": synchronization
            case _: nil
            }
        }
        set {
            switch name {
            case "demo-leader": leader = newValue
            case "demo-config": configuration = newValue
            case "demo-failover": failover = newValue
            case "demo-sync": synchronization = newValue
            case _: break
            }
        }
    }
}

extension JSONValue {
    /// RFC 7386.
    func merging(_ patch: JSONValue) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var result = objectValue ?? [:]
        for (key, value) in changes {
            // A bare nil would be JSON's null.
            result[key] = value.isNull ? JSONValue?.none : (result[key] ?? .null).merging(value)
        }
        return .object(result)
    }
}
