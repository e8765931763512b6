public import ClusterRecords
public import ClusterStore
public import HighAvailability
public import KubernetesClient
import KubernetesModels
public import Logging
public import Units

/// The cluster store in ConfigMaps or Endpoints, by compare-and-swap on resourceVersion.
///
/// - Guarantees: a write to the lock names the version it was decided on. An answer that was lost is settled by reading
///   again: the holder's nonce and the stamp of the attempt tell whether it landed.
public struct KubernetesClusterStore: ClusterStore {
    let client: KubernetesClient
    private let lockClient: KubernetesClient
    let scope: Scope
    private let lockObject: LockObject
    private let watch: ClusterWatch
    private let logger: Logger
    private let clock: any AgentClock
    let wallClock: @Sendable () -> String

    /// - Parameters:
    ///   - client: for everything but the lock.
    ///   - lockClient: with a connection and a thread of its own, so that no other traffic delays a renewal.
    ///   - watch: told of every version of the lock that is written or read here.
    ///   - wallClock: RFC 3339 with microseconds, for people and for Patroni.
    public init(
        client: KubernetesClient, lockClient: KubernetesClient, scope: Scope, lockObject: LockObject,
        watch: ClusterWatch, logger: Logger,
        clock: any AgentClock, wallClock: @escaping @Sendable () -> String
    ) {
        self.client = client
        self.lockClient = lockClient
        self.scope = scope
        self.lockObject = lockObject
        self.watch = watch
        self.logger = logger
        self.clock = clock
        self.wallClock = wallClock
    }

    private var lockName: String { scope.storeLeader(lockObject) }

    private var resource: APIResource {
        switch lockObject {
        case .configMap: ConfigMap.resource
        case .endpoints: Endpoints.resource
        }
    }

    // MARK: The lock

    public func readLock(deadline: BootInstant) async throws -> LockRecord? {
        let object = try await readSettling(deadline: deadline)
        watch.learn(lock: object?.record, annotations: object?.annotations)
        return object?.record
    }

    public func acquire(
        _ claim: LockClaim, over previous: LockRecord?, target: RoutingTarget?, deadline: BootInstant
    ) async throws -> LockWrite {
        let stamp = wallClock()
        let subsets = lockObject == .endpoints ? target.map(Self.subsets) : nil
        return try await settle(
            .acquisition(over: previous?.version), claim, stamp: stamp, base: previous, deadline: deadline,
            attempt: { base, deadline in
                let annotations = claim.acquisition(over: base, time: stamp)
                guard let base else {
                    return try await createObject(
                        lockName, annotations, subsets: subsets, with: lockClient, deadline: deadline)
                }
                return try await patchObject(
                    lockName, annotations, version: base.version, subsets: subsets, with: lockClient,
                    deadline: deadline)
            })
    }

    public func renew(
        _ claim: LockClaim, holding record: LockRecord, target: RoutingTarget?, deadline: BootInstant
    ) async throws -> LockWrite {
        let stamp = wallClock()
        let subsets = lockObject == .endpoints ? target.map(Self.subsets) : nil
        return try await settle(
            .renewal(epoch: record.epoch), claim, stamp: stamp, base: record, deadline: deadline,
            attempt: { base, deadline in
                try await patchObject(
                    lockName, claim.renewal(epoch: record.epoch, time: stamp), version: base?.version,
                    subsets: subsets, with: lockClient, deadline: deadline)
            })
    }

    public func release(_ record: LockRecord, heir: String?, position: LSN?, deadline: BootInstant) async throws -> Bool
    {
        guard record.identity != nil else { return false }
        let annotations = LockClaim.release(heir: heir, position: position)
        var current = record
        while true {
            do {
                let object = try await patchObject(
                    lockName, annotations, version: current.version, with: lockClient, deadline: deadline)
                watch.learn(lock: object.record, annotations: object.annotations)
                return true
            } catch let error as KubernetesError where error.isConflict || error.isOutcomeUnknown || error.isRetryable {
                try await pauseBeforeRetry(error, deadline: deadline)
                let object = try await readLockObject(deadline: deadline)
                watch.learn(lock: object?.record, annotations: object?.annotations)
                switch LockAttempt.settleRelease(of: record, to: heir, read: object?.record) {
                case .landed: return true
                case .lost, .again(over: nil): return false
                case .again(let newer?): current = newer
                }
            }
        }
    }

    /// Repeats a write until its outcome is known.
    ///
    /// - Invariant: returns `.held` only if a server's answer shows this claim's identity with this attempt's stamp, or
    ///   the write itself was answered with success. The watch takes neither for ownership: that begins when
    ///   ``LockStation`` has been told, and init has the deadline.
    private func settle(
        _ kind: LockAttempt, _ claim: LockClaim, stamp: String, base: LockRecord?, deadline: BootInstant,
        attempt: (LockRecord?, BootInstant) async throws -> LiveObject
    ) async throws -> LockWrite {
        let sentAt = clock.now
        var base = base
        while true {
            do {
                let object = try await attempt(base, deadline)
                watch.learn(lock: object.record, annotations: object.annotations)
                return .held(object.record, sentAt: sentAt)
            } catch let error as KubernetesError
                where error.isConflict || error.isAlreadyExists || error.isNotFound || error.isOutcomeUnknown
                || error.isRetryable || error.isForbidden
            {
                try await pauseBeforeRetry(error, deadline: deadline)
                let object = try await readSettling(deadline: deadline)
                let outcome = kind.settle(object?.record, over: base, identity: claim.identity, stamp: stamp)
                if object != nil { watch.learn(lock: object?.record, annotations: object?.annotations) }
                switch outcome {
                case .landed(let record): return .held(record, sentAt: sentAt)
                case .lost(let record): return .lost(record)
                case .again(let record): base = record
                }
            }
        }
    }

    /// Reads the lock again and again until it answers; outside the deadline the outcome stays unknown.
    private func readSettling(deadline: BootInstant) async throws -> LiveObject? {
        while true {
            do {
                return try await readLockObject(deadline: deadline)
            } catch let error as KubernetesError where error.isRetryable || error.isForbidden || error.isOutcomeUnknown
            {
                try await pauseBeforeRetry(error, deadline: deadline)
            }
        }
    }

    /// A conflict is settled at once; anything else waits a moment, or as long as the server asks.
    func pauseBeforeRetry(_ error: KubernetesError, deadline: BootInstant) async throws {
        guard clock.now < deadline else { throw error }
        if error.isConflict { return }
        let pause = error.retryAfter ?? .milliseconds(100)
        guard clock.now + pause < deadline else { throw error }
        try await clock.sleep(for: pause)
    }

    // MARK: Initialisation

    public func claimInitialization(by member: String, deadline: BootInstant) async throws -> Bool {
        let annotations = Initialization.inProgress(by: member).annotations
        do {
            guard let object = try await readObject(scope.storeConfiguration, deadline: deadline) else {
                _ = try await createObject(scope.storeConfiguration, annotations, with: client, deadline: deadline)
                return true
            }
            switch Initialization(annotations: object.annotations) {
            case .never: break
            case .inProgress(let claimant): return claimant == member
            case .done: return false
            }
            _ = try await patchObject(
                scope.storeConfiguration, annotations, version: object.record.version, with: client, deadline: deadline)
            return true
        } catch let error as KubernetesError where error.isConflict || error.isAlreadyExists {
            return false
        }
    }

    public func completeInitialization(systemIdentifier: String, deadline: BootInstant) async throws {
        let annotations = Initialization.done(systemIdentifier: systemIdentifier).annotations
        do {
            _ = try await patchObject(scope.storeConfiguration, annotations, with: client, deadline: deadline)
        } catch let error as KubernetesError where error.isNotFound {
            _ = try await createObject(scope.storeConfiguration, annotations, with: client, deadline: deadline)
        }
    }

    public func cancelInitialization(by member: String, deadline: BootInstant) async throws {
        guard let object = try await readObject(scope.storeConfiguration, deadline: deadline),
            Initialization(annotations: object.annotations) == .inProgress(by: member)
        else { return }
        _ = try await patchObject(
            scope.storeConfiguration, Initialization.never.annotations, version: object.record.version, with: client,
            deadline: deadline)
    }

    public func recordAbandoned(_ abandoned: AbandonedWAL, of member: String, leader: String, deadline: BootInstant)
        async throws
    {
        let annotations = [
            StoreKey.abandonedPrefix + member: AbandonedReport(abandoned, leader: leader).annotation
        ]
        _ = try await patchObject(scope.storeConfiguration, annotations, with: client, deadline: deadline)
    }

    // MARK: Members

    public func existingPods(deadline: BootInstant) async throws -> Set<String> {
        let list = try await client.list(
            Pod.self, namespace: scope.namespace, labelSelector: scope.selector, deadline: remaining(deadline))
        return Set(list.items.compactMap(\.metadata.uid))
    }

    public func publish(
        _ status: MemberRecord, label: RoleLabelChange, member: String, podUID: String?, deadline: BootInstant
    ) async throws {
        let isReadFrom = label == .set(.replica) && status.tags.mayBeReadFrom
        // What the Pod was made with, too: the Services, the StatefulSet and the other members select by it.
        var labels = Labels.all(cluster: scope.cluster, component: Component.member).mapValues { JSONValue.string($0) }
        labels[Labels.isOffered] = isReadFrom ? .string(Labels.offered) : .null
        switch label {
        case .set(let role): labels[Labels.role] = .string(role.rawValue)
        case .remove: labels[Labels.role] = .null
        case .keep: break
        }
        var metadata: JSONValue = [
            "annotations": [StoreKey.memberStatus: .string(status.annotation)], "labels": .object(labels),
        ]
        // A Pod that took our name over is not ours to speak for.
        if let podUID { metadata["uid"] = .string(podUID) }
        _ = try await client.mergePatchRaw(
            Pod.resource, name: member, namespace: scope.namespace, body: ["metadata": metadata],
            deadline: remaining(deadline))
    }

    public func demoteLabel(of member: String, deadline: BootInstant) async throws {
        _ = try await client.mergePatchRaw(
            Pod.resource, name: member, namespace: scope.namespace,
            body: ["metadata": ["labels": [Labels.role: .null]]], deadline: remaining(deadline))
    }

    // MARK: Requests

    public func finishFailover(_ request: FailoverRequest?, result: SwitchoverResult, deadline: BootInstant)
        async throws
    {
        _ = try await patchObject(
            scope.storeConfiguration, [StoreKey.switchoverResult: result.annotation], with: client, deadline: deadline)
        guard let request else { return }
        _ = try await takeFailover(request, deadline: deadline)
    }

    public func readFailover(deadline: BootInstant) async throws -> FailoverRequest? {
        try await readObject(scope.storeFailover, deadline: deadline).flatMap {
            FailoverRequest(annotations: $0.annotations)
        }
    }

    public func takeFailover(_ request: FailoverRequest, deadline: BootInstant) async throws -> Bool {
        // The object may change in other respects than this request.
        while let object = try await readObject(scope.storeFailover, deadline: deadline),
            FailoverRequest(annotations: object.annotations) == request
        {
            do {
                _ = try await patchObject(
                    scope.storeFailover, FailoverRequest.noAnnotations, version: object.record.version, with: client,
                    deadline: deadline)
                return true
            } catch let error as KubernetesError where error.isConflict || error.isNotFound {
                continue
            }
        }
        return false
    }

    // MARK: Objects

    struct LiveObject {
        var record: LockRecord
        var annotations: [String: String]

        init(_ json: JSONValue) {
            let metadata = json["metadata"]
            annotations = metadata?["annotations"]?.stringMapValue ?? [:]
            record = LockRecord(
                version: metadata?["resourceVersion"]?.stringValue ?? "", objectUID: metadata?["uid"]?.stringValue,
                annotations: annotations)
        }
    }

    private func readLockObject(deadline: BootInstant) async throws -> LiveObject? {
        do {
            return LiveObject(
                try await lockClient.getRaw(
                    resource, name: lockName, namespace: scope.namespace, deadline: remaining(deadline)))
        } catch  where error.isNotFound {
            return nil
        }
    }

    func readObject(_ name: String, deadline: BootInstant) async throws -> LiveObject? {
        do {
            return LiveObject(
                try await client.getRaw(
                    resource, name: name, namespace: scope.namespace, deadline: remaining(deadline)))
        } catch  where error.isNotFound {
            return nil
        }
    }

    func patchObject(
        _ name: String, _ annotations: [String: String?], version: String? = nil, subsets: JSONValue? = nil,
        with client: KubernetesClient, deadline: BootInstant
    ) async throws -> LiveObject {
        var metadata: JSONValue = ["annotations": Self.json(annotations)]
        if let version { metadata["resourceVersion"] = .string(version) }
        var body: JSONValue = ["metadata": metadata]
        if let subsets { body["subsets"] = subsets }
        return LiveObject(
            try await client.mergePatchRaw(
                resource, name: name, namespace: scope.namespace, body: body, deadline: remaining(deadline)))
    }

    func createObject(
        _ name: String, _ annotations: [String: String?], subsets: JSONValue? = nil, with client: KubernetesClient,
        deadline: BootInstant
    ) async throws -> LiveObject {
        let present = annotations.compactMapValues { $0 }
        var body: JSONValue = [
            "apiVersion": .string(resource.apiVersion), "kind": .string(resource.kind),
            "metadata": [
                "name": .string(name), "namespace": .string(scope.namespace),
                "labels": JSONValue(Labels.all(cluster: scope.cluster, component: Component.store)),
                "annotations": JSONValue(present),
            ],
        ]
        if let subsets { body["subsets"] = subsets }
        return LiveObject(
            try await client.createRaw(
                resource, body: body, namespace: scope.namespace, deadline: remaining(deadline)))
    }

    private static func json(_ annotations: [String: String?]) -> JSONValue {
        .object(annotations.mapValues { $0.map { .string($0) } ?? .null })
    }

    private static func subsets(_ target: RoutingTarget) -> JSONValue {
        var address: JSONValue = [
            "ip": .string(target.address),
            "targetRef": ["kind": "Pod", "name": .string(target.pod), "uid": .string(target.podUID)],
        ]
        if let node = target.node { address["nodeName"] = .string(node) }
        return [["addresses": [address], "ports": [["name": "postgres", "port": .int(Int64(target.port))]]]]
    }

    /// One request may not eat the whole budget: a lost answer has to be settled within it.
    private static let longestRequest: Duration = .milliseconds(2500)

    private func remaining(_ deadline: BootInstant) -> Duration {
        min(max(deadline - clock.now, .milliseconds(1)), Self.longestRequest)
    }
}
