import ClusterRecords
import ClusterStore
import HighAvailability
import KubernetesModels

/// The store's objects, asked for over a modelled network.
struct WorldObjects: StoreObjects, @unchecked Sendable {
    private unowned let life: AgentLife

    init(_ life: AgentLife) { self.life = life }

    func read(_ name: String, over lane: StoreLane, within limit: Duration) async throws -> StoredObject? {
        try await life.request(within: limit, isRead: true) { world throws(WorldFailure) in
            world.objects.objects[name].map(StoredObject.init)
        }
    }

    func patch(
        _ name: String, _ annotations: [String: String?], version: String?, target: RoutingTarget?,
        over lane: StoreLane, within limit: Duration
    ) async throws -> StoredObject {
        try await life.request(within: limit) { world throws(WorldFailure) in
            let revision = world.objects.revision
            let object = try world.objects.patch(name, annotations, over: version)
            // What changes nothing is no event.
            if world.objects.revision != revision { world.tell(.object(object)) }
            return StoredObject(object)
        }
    }

    func create(
        _ name: String, _ annotations: [String: String], target: RoutingTarget?, over lane: StoreLane,
        within limit: Duration
    ) async throws -> StoredObject {
        try await life.request(within: limit) { world throws(WorldFailure) in
            let object = try world.objects.create(name, annotations)
            world.tell(.object(object))
            return StoredObject(object)
        }
    }

    func podUIDs(within limit: Duration) async throws -> Set<String> {
        try await life.request(within: limit, isRead: true) { world throws(WorldFailure) in
            Set(world.objects.pods.values.compactMap(\.metadata.uid))
        }
    }

    func patchPod(
        _ name: String, podUID: String?, annotations: [String: String?], labels: [String: String?],
        within limit: Duration
    ) async throws {
        try await life.request(within: limit) { world throws(WorldFailure) in
            let revision = world.objects.revision
            let pod = try world.objects.patchPod(name, uid: podUID, annotations: annotations, labels: labels)
            if world.objects.revision != revision { world.tell(.pod(pod)) }
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
    ///
    /// - Parameter isRead: it changes nothing, so that nothing conflicts with it.
    func request<Value: Sendable>(
        within limit: Duration, isRead: Bool = false, _ operation: @escaping (World) throws(WorldFailure) -> Value
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
                case .conflict where !isRead: done(.failure(WorldFailure.conflict))
                case .conflict, .refused: done(.failure(self.refusal()))
                case .silent: done(.failure(WorldFailure.silent))
                }
            }
        }
    }

    /// How a server says no.
    private func refusal() -> WorldFailure {
        switch world.random.index(below: 3) {
        case 0: .forbidden
        case 1: .tooManyRequests
        default: .refused
        }
    }
}
