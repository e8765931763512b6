import HighAvailability

/// The API server's objects, as linearizable as etcd makes them: one revision for every change.
struct APIServer {
    private(set) var revision = 100
    var lock: LockRecord?
    private var lockObjects = 1
    var settings = StoredSettings()
    var failover: FailoverRequest?
    var restart: RestartOrder?
    var synchronous: SynchronousState?
    /// Where the read-write Service leads; nil before the first leader has written it.
    private(set) var route: StoredRoute?
    /// Pods by index of their name; a Pod that was deleted is nil.
    var pods: [Member?]

    /// The `-config` object.
    struct StoredSettings {
        var initialization = Initialization.never
        var configuration = DynamicConfiguration()
        var history: [TimelineSwitch] = []
        var revision = 100
    }

    /// The EndpointSlice behind the read-write Service.
    struct StoredRoute: Hashable {
        var version: String
        var reign: Reign
        /// Index among all Pods there ever were: an address is one Pod's alone.
        var pod: Int
    }

    /// What a watch shows of a change.
    enum Change {
        case lock(LockRecord?)
        case settings(StoredSettings)
        case failover(FailoverRequest?)
        case restart(RestartOrder?)
        case synchronous(SynchronousState?)
        case route(StoredRoute?)
        case pod(Int, Member?)

        var isOfPod: Bool { if case .pod = self { true } else { false } }
    }

    init(podCount: Int) {
        pods = Array(repeating: nil, count: podCount)
    }

    mutating func nextVersion() -> Int {
        revision += 1
        return revision
    }

    /// Somebody deletes the lock object; the next write creates another one.
    mutating func deleteLock() {
        lock = nil
        lockObjects += 1
        _ = nextVersion()
    }

    /// Compare-and-swap on the lock.
    ///
    /// - Parameter version: the version the write was decided on; nil creates the object.
    /// - Returns: nil for a conflict (409).
    mutating func writeLock(over version: String?, _ record: LockRecord) -> LockRecord? {
        guard lock?.version == version else { return nil }
        var record = record
        record.version = String(nextVersion())
        record.objectUID = "\(Self.lockObjectPrefix)\(lockObjects)"
        lock = record
        return record
    }
}

extension APIServer {
    /// Compare-and-swap on the route.
    ///
    /// - Parameter version: the version the write was decided on; nil creates the object.
    /// - Returns: nil for a conflict (409).
    mutating func writeRoute(over version: String?, to pod: Int, under reign: Reign) -> StoredRoute? {
        guard route?.version == version else { return nil }
        let written = StoredRoute(version: String(nextVersion()), reign: reign, pod: pod)
        route = written
        return written
    }

    /// Lock objects are numbered in the order they were made.
    static func isEarlier(_ reign: Reign, than other: Reign) -> Bool {
        guard reign.objectUID == other.objectUID else {
            return (number(of: reign.objectUID) ?? 0) < (number(of: other.objectUID) ?? 0)
        }
        return reign.epoch < other.epoch
    }

    private static func number(of lockObject: String) -> Int? { Int(lockObject.dropFirst(lockObjectPrefix.count)) }
    private static let lockObjectPrefix = "lock"

    /// Somebody deletes it by hand.
    mutating func deleteRoute() {
        route = nil
        _ = nextVersion()
    }
}

/// How a request ended, for the one who made it.
enum APIOutcome<Value> {
    case answered(Value)
    /// 409.
    case conflict
    /// 403, 429, 500: the server says no; it changed nothing.
    case refused
    /// Nobody answered in time; it may have changed something, now or later.
    case silent
}
