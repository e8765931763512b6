import ClusterRecords
import ClusterStore
import HighAvailability
import KubernetesModels

/// The store's objects, asked for over a modelled network.
struct WorldObjects: StoreObjects, @unchecked Sendable {
    private unowned let life: AgentLife

    init(_ life: AgentLife) { self.life = life }

    func read(_ name: String, over lane: StoreLane, within limit: Duration) async throws -> StoredObject? {
        try await life.request(within: limit) { world throws(WorldFailure) in
            world.objects.objects[name].map(StoredObject.init)
        }
    }

    func patch(
        _ name: String, _ annotations: [String: String?], version: String?, target: RoutingTarget?,
        over lane: StoreLane, within limit: Duration
    ) async throws -> StoredObject {
        try await life.request(within: limit) { world throws(WorldFailure) in
            let object = try world.objects.patch(name, annotations, over: version)
            world.tellShells(.object(object))
            return StoredObject(object)
        }
    }

    func create(
        _ name: String, _ annotations: [String: String], target: RoutingTarget?, over lane: StoreLane,
        within limit: Duration
    ) async throws -> StoredObject {
        try await life.request(within: limit) { world throws(WorldFailure) in
            let object = try world.objects.create(name, annotations)
            world.tellShells(.object(object))
            return StoredObject(object)
        }
    }

    func podUIDs(within limit: Duration) async throws -> Set<String> {
        try await life.request(within: limit) { world throws(WorldFailure) in
            Set(world.objects.pods.values.compactMap(\.metadata.uid))
        }
    }

    func patchPod(
        _ name: String, podUID: String?, annotations: [String: String?], labels: [String: String?],
        within limit: Duration
    ) async throws {
        try await life.request(within: limit) { world throws(WorldFailure) in
            let pod = try world.objects.patchPod(name, uid: podUID, annotations: annotations, labels: labels)
            world.tellShells(.pod(pod))
        }
    }
}

extension StoredObject {
    fileprivate init(_ object: ObjectMeta) {
        let annotations = object.annotations ?? [:]
        self.init(
            record: LockRecord(
                version: object.resourceVersion ?? "", objectUID: object.uid, annotations: annotations),
            annotations: annotations)
    }
}

extension AgentLife {
    /// One request of the API server, with everything that may become of it.
    func request<Value: Sendable>(
        within limit: Duration, _ operation: @escaping (World) throws(WorldFailure) -> Value
    ) async throws -> Value {
        try await call { done in
            world.request(pod, timeout: limit.microseconds) { world -> APIOutcome<Result<Value, WorldFailure>> in
                do throws(WorldFailure) {
                    return .answered(.success(try operation(world)))
                } catch {
                    return .answered(.failure(error))
                }
            } _: { outcome in
                switch outcome {
                case .answered(.success(let value)): done(.success(value))
                case .answered(.failure(let failure)): done(.failure(failure))
                case .conflict: done(.failure(WorldFailure.conflict))
                case .refused: done(.failure(WorldFailure.refused))
                case .silent: done(.failure(WorldFailure.silent))
                }
            }
        }
    }
}
