import ClusterRecords
import ClusterStore
import Fence
import HighAvailability
import KubernetesClient
import KubernetesModels
import KubernetesStore
import Logging
import Synchronization
import TestSupport
import Testing
import Units

/// A namespace on the shared API server, and members that keep their cluster's store there.
struct StoreFixture: Sendable {
    let client: KubernetesClient
    let scope: Scope
    let lockObject: LockObject

    init(_ lockObject: LockObject, on controlPlane: ControlPlane? = nil) async throws {
        let shared = controlPlane == nil ? try await ControlPlane.shared() : nil
        guard let controlPlane = controlPlane ?? shared else { throw StoreFixtureError.noControlPlane }
        client = KubernetesClient(configuration: controlPlane.admin)
        scope = Scope(namespace: try await controlPlane.namespace(prefix: "store"), cluster: "demo")
        self.lockObject = lockObject
    }

    var resource: APIResource {
        switch lockObject {
        case .configMap: ConfigMap.resource
        case .endpoints: Endpoints.resource
        }
    }

    /// The object with the lock.
    var lockName: String { scope.storeLeader(lockObject) }

    private var labels: JSONValue { JSONValue(Labels.all(cluster: scope.cluster, component: Component.store)) }

    /// - Parameter through: a client whose answers get lost; the fixture's own otherwise.
    func member(
        _ name: String = "demo-0", uid: String? = nil, nonce: String = "first", through client: KubernetesClient? = nil
    ) -> StoreMember {
        StoreMember(
            identity: HolderIdentity(member: name, podUID: uid ?? "uid-of-\(name)", nonce: nonce),
            client: client ?? self.client, scope: scope, lockObject: lockObject)
    }

    /// The object as it is now; nil when there is none.
    func object(_ name: String) async throws -> JSONValue? {
        do {
            return try await client.getRaw(resource, name: name, namespace: scope.namespace)
        } catch  where error.isNotFound {
            return nil
        }
    }

    func annotations(of name: String) async throws -> [String: String] {
        try await object(name)?.value(at: "metadata", "annotations")?.stringMapValue ?? [:]
    }

    func patch(_ name: String, annotations: JSONValue) async throws {
        _ = try await client.mergePatchRaw(
            resource, name: name, namespace: scope.namespace, body: ["metadata": ["annotations": annotations]])
    }

    func create(_ name: String, annotations: JSONValue) async throws {
        _ = try await client.createRaw(
            resource,
            body: [
                "metadata": ["name": .string(name), "labels": labels, "annotations": annotations]
            ],
            namespace: scope.namespace)
    }

    /// A Pod without a kubelet.
    ///
    /// - Parameter controller: kind and name; nil: nobody controls it.
    func createPod(_ name: String, controlledBy controller: JSONValue? = nil) async throws -> String {
        var metadata: JSONValue = ["name": .string(name), "labels": labels]
        if var owner = controller {
            (owner["apiVersion"], owner["uid"], owner["controller"]) = ("apps/v1", "uid-of-its-owner", true)
            metadata["ownerReferences"] = [owner]
        }
        let pod = try await client.createRaw(
            Pod.resource,
            body: [
                "metadata": metadata,
                "spec": ["containers": [["name": "postgres", "image": "none"]]],
            ], namespace: scope.namespace)
        return try #require(pod.value(at: "metadata", "uid")?.stringValue)
    }
}

enum StoreFixtureError: Error {
    case noControlPlane
    case notHeld(LockWrite)
}

/// One member's store and watch.
struct StoreMember: Sendable {
    let identity: HolderIdentity
    let watch: ClusterWatch
    private let watcher: ClusterWatcher
    let store: AnnotationStore
    /// The watch's.
    let clock = ManualClock()

    init(identity: HolderIdentity, client: KubernetesClient, scope: Scope, lockObject: LockObject) {
        self.identity = identity
        let logger = Logger(label: identity.member) { _ in SwiftLogNoOpLogHandler() }
        watch = ClusterWatch(
            scope: scope, lockObject: lockObject, container: "postgres",
            desk: LockDesk(me: identity, fence: nil, clock: clock), clock: clock)
        watcher = ClusterWatcher(
            client: client, scope: scope, lockObject: lockObject, watch: watch, clock: clock, logger: logger)
        store = AnnotationStore(
            objects: KubernetesObjects(client: client, lockClient: client, scope: scope, lockObject: lockObject),
            scope: scope, lockObject: lockObject, watch: watch, clock: BootClock(), wallClock: Stamps.next)
    }

    var claim: LockClaim {
        LockClaim(
            identity: identity, ttl: .seconds(20), timeline: Timeline(rawValue: 1),
            position: LSN(rawValue: 100))
    }

    func acquire(over previous: LockRecord?, target: RoutingTarget? = nil) async throws -> LockWrite {
        try await store.acquire(claim, over: previous, target: target, deadline: soon)
    }

    /// Takes the lock as it is now, which the test says is free.
    func takeLock() async throws -> LockRecord {
        let write = try await acquire(over: try await store.readLock(deadline: soon))
        guard case .held(let record, _) = write else { throw StoreFixtureError.notHeld(write) }
        return record
    }

    func renew(_ record: LockRecord, target: RoutingTarget? = nil) async throws -> LockWrite {
        try await store.renew(claim, holding: record, target: target, deadline: soon)
    }

    func release(
        _ record: LockRecord, heir: String? = nil, because reason: ChangeKind? = nil, position: LSN? = nil
    ) async throws -> Bool {
        try await store.release(record, heir: heir, because: reason, position: position, deadline: soon)
    }

    /// Believes in the lock from now on, as its keeper does when the write has landed.
    ///
    /// - Returns: until when.
    func hold(_ record: LockRecord, _ timings: Timings = .standard) -> BootInstant {
        watch.desk.step { $0.beginAcquisition(over: record, listIsGone: false, at: $1, timings) }
        watch.desk.step { $0.landed(record, sentAt: $1, timings) }
        return clock.now + timings.fenceDelay
    }

    func readLock() async throws -> LockRecord? { try await store.readLock(deadline: soon) }

    /// Runs the watch for as long as `body` does.
    func watching(_ body: () async throws -> Void) async throws {
        let (watch, watcher) = (watch, watcher)
        let running = Task { await watcher.run() }
        defer { running.cancel() }
        try await eventually("both lists were read") { watch.view() != nil }
        try await body()
    }
}

/// Far enough for a slow machine; calls return as soon as they are answered.
var soon: BootInstant { BootClock.now() + .seconds(15) }

/// Distinct times in the form the store writes them.
enum Stamps {
    private static let count = Mutex(0)

    static func next() -> String {
        let number = count.withLock { count in
            count += 1
            return count
        }
        return "2026-01-01T00:00:00.\(String(1_000_000 + number).dropFirst())+00:00"
    }
}

extension LockWrite {
    var record: LockRecord? {
        switch self {
        case .held(let record, _): record
        case .lost(let record): record
        }
    }
    var isHeld: Bool {
        if case .held = self { true } else { false }
    }
}
