public import ClusterRecords
public import HighAvailability
public import Units

/// The cluster store in the annotations of objects, by compare-and-swap on their version.
///
/// - Guarantees: a write to the lock names the version it was decided on. An answer that was lost is settled by reading
///   again: the holder's nonce and the stamp of the attempt tell whether it landed.
public struct AnnotationStore: ClusterStore {
    let objects: any StoreObjects
    let scope: Scope
    private let lockObject: LockObject
    private let watch: ClusterWatch
    private let clock: any AgentClock
    let wallClock: @Sendable () -> String

    /// - Parameters:
    ///   - watch: told of every version of the lock that is written or read here.
    ///   - wallClock: RFC 3339 with microseconds, for people and for Patroni. An attempt is known again by it, beside the
    ///     holder's nonce and the epoch.
    public init(
        objects: any StoreObjects, scope: Scope, lockObject: LockObject, watch: ClusterWatch, clock: any AgentClock,
        wallClock: @escaping @Sendable () -> String
    ) {
        self.objects = objects
        self.scope = scope
        self.lockObject = lockObject
        self.watch = watch
        self.clock = clock
        self.wallClock = wallClock
    }

    private var lockName: String { scope.storeLeader(lockObject) }

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
        let target = lockObject == .endpoints ? target : nil
        return try await settle(
            .acquisition(over: previous?.version), claim, stamp: stamp, base: previous, deadline: deadline,
            attempt: { base, deadline in
                let annotations = claim.acquisition(over: base, time: stamp)
                guard let base else {
                    return try await createObject(
                        lockName, annotations, target: target, over: .lock, deadline: deadline)
                }
                return try await patchObject(
                    lockName, annotations, version: base.version, target: target, over: .lock,
                    deadline: deadline)
            })
    }

    public func renew(
        _ claim: LockClaim, holding record: LockRecord, target: RoutingTarget?, deadline: BootInstant
    ) async throws -> LockWrite {
        let stamp = wallClock()
        let target = lockObject == .endpoints ? target : nil
        return try await settle(
            .renewal(epoch: record.epoch), claim, stamp: stamp, base: record, deadline: deadline,
            attempt: { base, deadline in
                let annotations = claim.renewal(
                    epoch: record.epoch, transitions: (base ?? record).transitions, time: stamp)
                return try await patchObject(
                    lockName, annotations, version: base?.version, target: target, over: .lock, deadline: deadline)
            })
    }

    public func release(
        _ record: LockRecord, heir: String?, because reason: ChangeKind?, position: LSN?, deadline: BootInstant
    ) async throws -> Bool {
        guard record.identity != nil else { return false }
        var current = record
        while true {
            let annotations = LockClaim.release(
                heir: heir, because: reason, position: position, epoch: record.epoch, transitions: current.transitions)
            do {
                let object = try await patchObject(
                    lockName, annotations, version: current.version, over: .lock, deadline: deadline)
                watch.learn(lock: object.record, annotations: object.annotations)
                return true
            } catch let error as any StoreFailure where error.isConflict || error.isOutcomeUnknown || error.isRetryable
            {
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
        attempt: (LockRecord?, BootInstant) async throws -> StoredObject
    ) async throws -> LockWrite {
        let sentAt = clock.now
        var base = base
        while true {
            do {
                let object = try await attempt(base, deadline)
                watch.learn(lock: object.record, annotations: object.annotations)
                return .held(object.record, sentAt: sentAt)
            } catch let error as any StoreFailure
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
    private func readSettling(deadline: BootInstant) async throws -> StoredObject? {
        while true {
            do {
                return try await readLockObject(deadline: deadline)
            } catch let error as any StoreFailure where error.isRetryable || error.isForbidden || error.isOutcomeUnknown
            {
                try await pauseBeforeRetry(error, deadline: deadline)
            }
        }
    }

    /// A conflict is settled at once; anything else waits a moment, or as long as the server asks.
    func pauseBeforeRetry(_ error: any StoreFailure, deadline: BootInstant) async throws {
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
                _ = try await createObject(scope.storeConfiguration, annotations, deadline: deadline)
                return true
            }
            switch Initialization(annotations: object.annotations) {
            case .never: break
            case .inProgress(let claimant): return claimant == member
            case .done: return false
            }
            _ = try await patchObject(
                scope.storeConfiguration, annotations, version: object.record.version, deadline: deadline)
            return true
        } catch let error as any StoreFailure where error.isConflict || error.isAlreadyExists {
            return false
        }
    }

    public func completeInitialization(systemIdentifier: String, deadline: BootInstant) async throws {
        let annotations = Initialization.done(systemIdentifier: systemIdentifier).annotations
        do {
            _ = try await patchObject(scope.storeConfiguration, annotations, deadline: deadline)
        } catch let error as any StoreFailure where error.isNotFound {
            _ = try await createObject(scope.storeConfiguration, annotations, deadline: deadline)
        }
    }

    public func cancelInitialization(by member: String, deadline: BootInstant) async throws {
        guard let object = try await readObject(scope.storeConfiguration, deadline: deadline),
            Initialization(annotations: object.annotations) == .inProgress(by: member)
        else { return }
        _ = try await patchObject(
            scope.storeConfiguration, Initialization.never.annotations, version: object.record.version,
            deadline: deadline)
    }

    public func recordAbandoned(_ abandoned: AbandonedWAL, of member: String, leader: String, deadline: BootInstant)
        async throws
    {
        let annotations = [
            StoreKey.abandonedPrefix + member: AbandonedReport(abandoned, leader: leader).annotation
        ]
        _ = try await patchObject(scope.storeConfiguration, annotations, deadline: deadline)
    }

    // MARK: Members

    public func existingPods(deadline: BootInstant) async throws -> Set<String> {
        try await objects.podUIDs(within: remaining(deadline))
    }

    public func publish(
        _ status: MemberRecord, label: RoleLabelChange, member: String, podUID: String?, deadline: BootInstant
    ) async throws {
        let isReadFrom = label == .set(.replica) && status.tags.mayBeReadFrom
        // What the Pod was made with, too: the Services, the StatefulSet and the other members select by it.
        var labels = Labels.all(cluster: scope.cluster, component: Component.member).mapValues(Optional.some)
        labels.updateValue(isReadFrom ? Labels.offered : nil, forKey: Labels.isOffered)
        switch label {
        case .set(let role): labels.updateValue(role.rawValue, forKey: Labels.role)
        case .remove: labels.updateValue(nil, forKey: Labels.role)
        case .keep: break
        }
        // A Pod that took our name over is not ours to speak for.
        try await objects.patchPod(
            member, podUID: podUID, annotations: [StoreKey.memberStatus: status.annotation], labels: labels,
            within: remaining(deadline))
    }

    public func demoteLabel(of member: String, deadline: BootInstant) async throws {
        try await objects.patchPod(
            member, podUID: nil, annotations: [:], labels: [Labels.role: nil], within: remaining(deadline))
    }

    // MARK: Requests

    public func finishFailover(_ request: FailoverRequest?, result: SwitchoverResult, deadline: BootInstant)
        async throws
    {
        _ = try await patchObject(
            scope.storeConfiguration, [StoreKey.switchoverResult: result.annotation], deadline: deadline)
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
                    scope.storeFailover, FailoverRequest.noAnnotations, version: object.record.version,
                    deadline: deadline)
                return true
            } catch let error as any StoreFailure where error.isConflict || error.isNotFound {
                continue
            }
        }
        return false
    }

    // MARK: Objects

    private func readLockObject(deadline: BootInstant) async throws -> StoredObject? {
        try await objects.read(lockName, over: .lock, within: remaining(deadline))
    }

    func readObject(_ name: String, deadline: BootInstant) async throws -> StoredObject? {
        try await objects.read(name, over: .other, within: remaining(deadline))
    }

    func patchObject(
        _ name: String, _ annotations: [String: String?], version: String? = nil, target: RoutingTarget? = nil,
        over lane: StoreLane = .other, deadline: BootInstant
    ) async throws -> StoredObject {
        try await objects.patch(
            name, annotations, version: version, target: target, over: lane, within: remaining(deadline))
    }

    func createObject(
        _ name: String, _ annotations: [String: String?], target: RoutingTarget? = nil,
        over lane: StoreLane = .other, deadline: BootInstant
    ) async throws -> StoredObject {
        try await objects.create(
            name, annotations.compactMapValues { $0 }, target: target, over: lane, within: remaining(deadline))
    }

    /// One request may not eat the whole budget: a lost answer has to be settled within it.
    private static let longestRequest: Duration = .milliseconds(2500)

    private func remaining(_ deadline: BootInstant) -> Duration {
        min(max(deadline - clock.now, .milliseconds(1)), Self.longestRequest)
    }
}
