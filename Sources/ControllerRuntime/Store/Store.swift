public import KubernetesModels
import Synchronization

/// The objects a reflector knows: a cache that lags behind the API server.
///
/// - Guarantees: thread-safe; each read is a consistent state of one moment.
/// - Requires: nothing that decides is read from here without a live read; a cache serves to notice and to look up.
public final class Store<R: KubernetesResource>: Sendable {
    private struct State {
        var objects: [ResourceKey: R] = [:]
        var hasSynced = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Mutex(State())
    private let trim: @Sendable (inout R) -> Void

    /// - Parameter trim: removes what nobody reads before an object is kept.
    public init(trim: @escaping @Sendable (inout R) -> Void = { _ in }) {
        self.trim = trim
    }

    /// Whether the first list has been stored.
    public var hasSynced: Bool { state.withLock { $0.hasSynced } }

    public var count: Int { state.withLock { $0.objects.count } }

    public subscript(key: ResourceKey) -> R? { state.withLock { $0.objects[key] } }

    /// Objects in key order.
    /// - Parameters:
    ///   - namespace: nil for all.
    ///   - labels: all of them must be present with these values.
    public func list(namespace: String? = nil, labels: [String: String] = [:]) -> [R] {
        state.withLock { $0.objects }
            .filter { key, object in
                (namespace == nil || key.namespace == namespace)
                    && labels.allSatisfy { object.metadata.labels?[$0.key] == $0.value }
            }
            .sorted { $0.key < $1.key }
            .map(\.value)
    }

    /// Returns when the first list has been stored, or when the task is cancelled.
    public func waitUntilSynced() async {
        // Another waiter's cancellation wakes everybody, so look again.
        while !hasSynced, !Task.isCancelled { await waitOnce() }
    }

    private func waitOnce() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                let isReady = state.withLock { state in
                    if state.hasSynced || Task.isCancelled { return true }
                    state.waiters.append(continuation)
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            resumeWaiters()
        }
    }

    /// Replaces everything by a list.
    /// - Returns: the differences, deletions first.
    func replace(with list: [R]) -> [StoreChange<R>] {
        var fresh: [ResourceKey: R] = [:]
        for var object in list {
            trim(&object)
            fresh[ResourceKey(object.metadata)] = object
        }
        let changes = state.withLock { state in
            defer {
                state.objects = fresh
                state.hasSynced = true
            }
            return Self.differences(from: state.objects, to: fresh)
        }
        resumeWaiters()
        return changes
    }

    /// Stores one object.
    /// - Returns: nil when this very version was known already.
    func upsert(_ object: R) -> StoreChange<R>? {
        var object = object
        trim(&object)
        let key = ResourceKey(object.metadata)
        return state.withLock { state in
            guard let old = state.objects.updateValue(object, forKey: key) else { return .added(object) }
            return Self.isSame(old, object) ? nil : .updated(old: old, new: object)
        }
    }

    /// Forgets one object.
    func remove(_ object: R) -> StoreChange<R> {
        var object = object
        trim(&object)
        state.withLock { _ = $0.objects.removeValue(forKey: ResourceKey(object.metadata)) }
        return .deleted(object)
    }

    private func resumeWaiters() {
        let waiters = state.withLock { state in
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    private static func differences(from old: [ResourceKey: R], to new: [ResourceKey: R]) -> [StoreChange<R>] {
        var changes: [StoreChange<R>] = []
        for (key, object) in old.sorted(by: { $0.key < $1.key }) where new[key] == nil {
            changes.append(.deleted(object))
        }
        for (key, object) in new.sorted(by: { $0.key < $1.key }) {
            guard let former = old[key] else {
                changes.append(.added(object))
                continue
            }
            if !isSame(former, object) { changes.append(.updated(old: former, new: object)) }
        }
        return changes
    }

    private static func isSame(_ left: R, _ right: R) -> Bool {
        left.metadata.resourceVersion == right.metadata.resourceVersion && left.metadata.uid == right.metadata.uid
    }
}
