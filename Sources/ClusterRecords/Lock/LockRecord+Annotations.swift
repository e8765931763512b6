public import HighAvailability
public import KubernetesModels
public import Units

extension LockRecord {
    /// Reads the lock's annotations; what cannot be read counts as absent, but for the epoch: see
    /// ``HighAvailability/LockRecord/unreadableEpoch``. ``problems(in:)`` says what it was.
    ///
    /// - Parameter objectUID: of the object they were read from.
    public init(version: String, objectUID: String? = nil, annotations: [String: String]) {
        // Broken JSON is nobody's identity: a foreign holder.
        let holder = annotations[StoreKey.holder].flatMap { try? JSONValue(parsing: $0) }
        let named = annotations[StoreKey.leader].flatMap { $0.isEmpty ? nil : $0 }
        let left = holder.flatMap(Self.identity)
        let leader = named ?? Self.unnamed(left, holder, annotations)
        let identity = left?.member == leader ? left : nil
        let epoch = Self.epoch(annotations, isOurs: identity != nil)
        let transitions = annotations[StoreKey.transitions].flatMap(Self.transitions) ?? 0
        self.init(
            version: version, leader: leader, identity: identity, epoch: epoch,
            containerInstance: identity == nil ? nil : holder?["container"]?.stringValue,
            renewal: annotations[StoreKey.renewTime],
            ttl: annotations[StoreKey.ttl].flatMap(Self.ttl),
            heir: annotations[StoreKey.heir],
            handover: annotations[StoreKey.handover].flatMap { Self.handover($0, epoch, transitions) },
            position: annotations[StoreKey.position].flatMap { UInt64($0) }.map { LSN(rawValue: $0) },
            timeline: annotations[StoreKey.timeline].flatMap { UInt32($0) }.map { Timeline(rawValue: $0) },
            transitions: transitions,
            failsafe: FailsafeList(annotations: annotations, isOurs: identity != nil), objectUID: objectUID)
    }

    private static func identity(_ holder: JSONValue) -> HolderIdentity? {
        guard let member = holder["member"]?.stringValue, let uid = holder["uid"]?.stringValue,
            let nonce = holder["nonce"]?.stringValue
        else { return nil }
        return HolderIdentity(member: member, podUID: uid, nonce: nonce)
    }

    /// The holder whose name alone somebody took off the lock; nil: the lock is free.
    ///
    /// A release takes both off in one write. So this one has not let go, and writes its name back with the next renewal.
    /// Patroni's agents know of no holder but the name; one that has held the lock since, and let it go, has counted one
    /// transition more.
    private static func unnamed(
        _ left: HolderIdentity?, _ holder: JSONValue?, _ annotations: [String: String]
    ) -> String? {
        guard let left, !left.member.isEmpty, let counted = holder?[StoreKey.transitions]?.intValue,
            annotations[StoreKey.transitions].flatMap(transitions) == counted
        else { return nil }
        return left.member
    }

    /// One of an earlier reign is nobody's word by now. Whoever knows it takes it off with the lock; agents of former
    /// versions, which count epochs, and Patroni's, which count transitions, leave it.
    private static func handover(_ text: String, _ epoch: Int64, _ counted: Int) -> ChangeKind? {
        let parts = text.split(separator: "/", maxSplits: 2)
        guard parts.count == 3, LockRecord.epoch(reading: String(parts[0])) == epoch,
            transitions(String(parts[1])) == counted
        else { return nil }
        return ChangeKind(rawValue: String(parts[2]))
    }

    /// Patroni writes none; a Matriarch agent that holds the lock has written one.
    private static func epoch(_ annotations: [String: String], isOurs: Bool) -> Int64 {
        guard let text = annotations[StoreKey.epoch] else { return isOurs ? unreadableEpoch : 0 }
        return epoch(reading: text) ?? unreadableEpoch
    }

    /// A holder goes by its own ttl; a shorter one in the record would free the lock while it writes.
    private static func ttl(_ text: String) -> Duration? {
        // A double is next to what was written: 4.567 s has no whole number of nanoseconds.
        Double(text).flatMap { (3..<1e6).contains($0) ? .milliseconds(Int64(($0 * 1000).rounded())) : nil }
    }

    private static func transitions(_ text: String) -> Int? {
        Int(text).flatMap { (0...1 << 53).contains($0) ? $0 : nil }
    }

    /// What of the lock's annotations cannot be read, each by its key.
    static func problems(in annotations: [String: String]) -> [Problem] {
        let record = LockRecord(version: "", annotations: annotations)
        var problems: [Problem] = []
        func expect(_ key: String, _ isRead: Bool, _ what: String) {
            guard let text = annotations[key], !isRead else { return }
            problems.append(Problem(path: key, value: text, rule: "is not \(what)", refuser: .agent))
        }
        expect(StoreKey.epoch, record.hasReadableEpoch, "an epoch")
        if annotations[StoreKey.epoch] == nil, !record.hasReadableEpoch {
            problems.append(Problem(path: StoreKey.epoch, value: nil, rule: "is missing", refuser: .agent))
        }
        expect(StoreKey.ttl, record.ttl != nil, "a number of seconds from 3")
        expect(StoreKey.transitions, annotations[StoreKey.transitions].flatMap(transitions) != nil, "a count")
        expect(StoreKey.position, record.position != nil, "a position in bytes")
        expect(StoreKey.timeline, record.timeline != nil, "a timeline")
        return problems
    }

    /// - Parameter metadata: of the lock object.
    public init(_ metadata: ObjectMeta) {
        self.init(
            version: metadata.resourceVersion ?? "", objectUID: metadata.uid, annotations: metadata.annotations ?? [:])
    }
}

/// What a holder writes into the lock.
public struct LockClaim: Hashable, Sendable {
    public var identity: HolderIdentity
    public var ttl: Duration
    public var containerInstance: String?
    public var timeline: Timeline?
    public var position: LSN?
    /// What a renewal leaves as the failsafe list; nil removes it. An acquisition leaves the one there is.
    public var failsafe: FailsafeList?

    public init(
        identity: HolderIdentity, ttl: Duration, containerInstance: String? = nil,
        timeline: Timeline? = nil, position: LSN? = nil, failsafe: FailsafeList? = nil
    ) {
        self.identity = identity
        self.ttl = ttl
        self.containerInstance = containerInstance
        self.timeline = timeline
        self.position = position
        self.failsafe = failsafe
    }

    /// Annotations that take the lock over `previous`.
    ///
    /// - Parameter time: RFC 3339 with microseconds; read by people and by Patroni, compared by nobody here.
    public func acquisition(over previous: LockRecord?, time: String) -> [String: String?] {
        let changesName = previous?.leader != identity.member
        let transitions = (previous?.transitions ?? 0) + (changesName ? 1 : 0)
        var annotations = stamp(epoch: LockRecord.epoch(after: previous), transitions: transitions, time: time)
        annotations[StoreKey.acquireTime] = time
        annotations[StoreKey.transitions] = String(transitions)
        annotations[StoreKey.heir] = .some(nil)
        annotations[StoreKey.handover] = .some(nil)
        return annotations
    }

    /// Annotations that renew the lock in its epoch.
    ///
    /// - Parameter transitions: what the lock has counted; a renewal leaves it.
    public func renewal(epoch: Int64, transitions: Int, time: String) -> [String: String?] {
        stamp(epoch: epoch, transitions: transitions, time: time).merging(FailsafeList.annotations(failsafe)) {
            own, _ in own
        }
    }

    private func stamp(epoch: Int64, transitions: Int, time: String) -> [String: String?] {
        var holder: JSONValue = [
            "member": .string(identity.member), "uid": .string(identity.podUID), "nonce": .string(identity.nonce),
            StoreKey.transitions: .int(Int64(transitions)),
        ]
        if let containerInstance { holder["container"] = .string(containerInstance) }
        var annotations: [String: String?] = [
            StoreKey.leader: identity.member, StoreKey.holder: holder.serialized(), StoreKey.epoch: String(epoch),
            StoreKey.renewTime: time, StoreKey.ttl: Self.seconds(ttl),
        ]
        if let timeline { annotations[StoreKey.timeline] = String(timeline.rawValue) }
        if let position { annotations[StoreKey.position] = String(position.rawValue) }
        return annotations
    }

    /// Annotations that let the lock go.
    ///
    /// - Parameters:
    ///   - reason: why it goes to the heir.
    ///   - epoch: of the reign that ends.
    ///   - transitions: what the lock has counted; a release leaves it.
    public static func release(
        heir: String?, because reason: ChangeKind? = nil, position: LSN?, epoch: Int64, transitions: Int
    ) -> [String: String?] {
        var annotations: [String: String?] = [
            StoreKey.leader: nil, StoreKey.holder: nil, StoreKey.heir: heir,
            StoreKey.handover: reason.map { "\(epoch)/\(transitions)/\($0.rawValue)" },
        ]
        if let position { annotations[StoreKey.position] = String(position.rawValue) }
        return annotations
    }

    private static func seconds(_ duration: Duration) -> String {
        let milliseconds = duration.milliseconds
        return milliseconds % 1000 == 0 ? String(milliseconds / 1000) : String(Double(milliseconds) / 1000)
    }
}
