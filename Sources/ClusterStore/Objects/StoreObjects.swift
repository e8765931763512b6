public import HighAvailability

/// The objects a cluster's store is kept in, one request at a time.
///
/// What is decided on them, repeated and settled is ``AnnotationStore``'s. Errors are ``StoreFailure``, or
/// `CancellationError`.
///
/// - Guarantees: a write that names a version is carried out over exactly that version, or not at all.
public protocol StoreObjects: Sendable {
    /// Reads an object from the server, never from a cache; nil when it does not exist.
    func read(_ name: String, over lane: StoreLane, within limit: Duration) async throws -> StoredObject?

    /// Changes annotations; nil removes one.
    ///
    /// - Parameters:
    ///   - version: over which the write is made; nil: whatever is there.
    ///   - target: where the read-write Service leads to, if that is in the same object; nil leaves it as it is.
    func patch(
        _ name: String, _ annotations: [String: String?], version: String?, target: RoutingTarget?,
        over lane: StoreLane, within limit: Duration
    ) async throws -> StoredObject

    /// Makes an object.
    func create(
        _ name: String, _ annotations: [String: String], target: RoutingTarget?, over lane: StoreLane,
        within limit: Duration
    ) async throws -> StoredObject

    /// UIDs of the cluster's Pods, read from the server now.
    func podUIDs(within limit: Duration) async throws -> Set<String>

    /// Changes a Pod's annotations and labels; nil removes one.
    ///
    /// - Parameter podUID: of the only Pod that is meant; nil: whichever has the name.
    func patchPod(
        _ name: String, podUID: String?, annotations: [String: String?], labels: [String: String?],
        within limit: Duration
    ) async throws
}

/// Over which connection a request goes.
public enum StoreLane: Hashable, Sendable {
    /// The lock's own, which no other traffic delays.
    case lock
    case other
}

/// One version of an object of the store.
public struct StoredObject: Hashable, Sendable {
    /// What its annotations say if it is the lock's; its version and its UID in any case.
    public var record: LockRecord
    public var annotations: [String: String]

    public init(record: LockRecord, annotations: [String: String]) {
        self.record = record
        self.annotations = annotations
    }
}
