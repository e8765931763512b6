import ClusterRecords
import ControllerRuntime
import HighAvailability
import KubernetesClient
import KubernetesModels
import OperatorPlan
import Synchronization

/// When this operator last saw each cluster's lock change.
///
/// A renewal is no reason to look at a cluster, and one that does not come is: nobody tells of it. What a reconcile decides on is
/// read live all the same, so a watch that stands still costs a look and no untrue word.
final class LockAges: Sendable {
    typealias Instant = ContinuousClock.Instant

    private struct Entry {
        var lock: LockRecord
        var instant: Instant
        var shown: Timestamp
        /// Since when a look is asked for because it has not changed for too long.
        var overdueSince: Instant?
        /// That look was taken in time.
        var isConfirmed = false

        func isOverdue(at now: Instant) -> Bool { lock.isOverdue(unchangedFor: instant.duration(to: now)) }
    }

    /// How soon a look follows that is asked for. One that comes later comes from an operator that could not reach the API server,
    /// and saw no renewals for that reason: it begins to measure anew.
    private static let promptness = Duration.seconds(5)

    private let ages = Mutex<[ResourceKey: Entry]>([:])

    /// Notes a lock as it is.
    ///
    /// - Parameter shown: the time now, for people.
    /// - Returns: whether it had been overdue and is not any more. A reconcile may have told that before anybody asked for a look,
    ///   so it is the age that counts.
    @discardableResult
    func saw(_ lock: LockRecord, of cluster: ResourceKey, at now: Instant = .now, shown: Timestamp = .now()) -> Bool {
        ages.withLock { ages in
            let before = ages[cluster]
            if let before, lock.isUnchanged(since: before.lock) { return false }
            ages[cluster] = Entry(lock: lock, instant: now, shown: shown)
            guard let before else { return false }
            return before.overdueSince != nil || before.isOverdue(at: now)
        }
    }

    /// What is known of a lock that was just read.
    func look(
        at lock: LockRecord, of cluster: ResourceKey, at now: Instant = .now, shown: Timestamp = .now()
    ) -> LockAge? {
        saw(lock, of: cluster, at: now, shown: shown)
        return ages.withLock { ages in
            guard var entry = ages[cluster] else { return nil }
            if let asked = entry.overdueSince, !entry.isConfirmed {
                if asked.duration(to: now) > Self.promptness {
                    entry = Entry(lock: lock, instant: now, shown: shown)
                } else {
                    entry.isConfirmed = true
                }
                ages[cluster] = entry
            }
            return LockAge(lastChange: entry.shown, unchanged: entry.instant.duration(to: now))
        }
    }

    func forget(_ cluster: ResourceKey) { ages.withLock { $0[cluster] = nil } }

    /// Clusters whose holder has not renewed for longer than the lock is good; each once.
    func overdue(at now: Instant = .now) -> [ResourceKey] {
        ages.withLock { ages in
            let late = ages.filter { _, age in
                age.overdueSince == nil && age.isOverdue(at: now)
            }
            for key in late.keys { ages[key]?.overdueSince = now }
            return late.keys.sorted()
        }
    }

    /// Notes what a watch tells of the lock's object; other objects are left alone.
    ///
    /// - Returns: the cluster that has to be looked at, because its lock is renewed again.
    func noticed<R: KubernetesResource>(_ change: StoreChange<R>, _ lockObject: LockObject) -> ResourceKey? {
        let metadata = change.object.metadata
        guard let cluster = metadata.labels?[Labels.cluster], let namespace = metadata.namespace,
            metadata.name == Scope(namespace: namespace, cluster: cluster).storeLeader(lockObject),
            // The read-write Service's own Endpoints are called like the lock.
            metadata.annotations?[StoreKey.leader] != nil || lockObject == .configMap
        else { return nil }
        let key = ResourceKey(namespace: namespace, name: cluster)
        switch change {
        case .added, .updated: return saw(LockRecord(metadata), of: key) ? key : nil
        case .deleted:
            forget(key)
            return nil
        }
    }
}
