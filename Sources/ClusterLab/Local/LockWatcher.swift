import ClusterRecords
import Fence
import HighAvailability
import TestSupport
import Units

/// Looks at the lock all the time and notes who takes it when.
actor LockWatcher {
    private let cluster: LocalCluster
    private(set) var sightings: [EpochSighting] = []
    /// When the last renewal of each epoch was seen, and what it said.
    private(set) var renewals: [Int64: (stamp: String, seen: BootInstant)] = [:]
    /// Owned here: started by ``start()``, ended by ``stop()``.
    private var work: Task<Void, Never>?

    init(_ cluster: LocalCluster) {
        self.cluster = cluster
    }

    func start() {
        guard work == nil else { return }
        work = Task {
            while !Task.isCancelled {
                await self.look()
                do { try await Task.sleep(for: .milliseconds(40)) } catch { return }
            }
        }
    }

    func stop() async -> [EpochSighting] {
        work?.cancel()
        await work?.value
        work = nil
        return sightings
    }

    /// The first that took the lock after `instant` and is another than `former`.
    func successor(of former: String, after instant: BootInstant) -> EpochSighting? {
        sightings.first { $0.seen > instant && $0.holder != former }
    }

    private func look() async {
        let lock: LockRecord
        do {
            lock = LockRecord(version: "", annotations: try await cluster.members.lock())
        } catch {
            return  // An API server that is away: nobody takes the lock either.
        }
        guard lock.hasReadableEpoch, let holder = lock.leader else { return }
        let epoch = lock.epoch
        if let stamp = lock.renewal, renewals[epoch]?.stamp != stamp { renewals[epoch] = (stamp, BootClock.now()) }
        guard epoch > sightings.last?.epoch ?? 0, let member = cluster.members.member(holder)
        else { return }
        sightings.append(
            EpochSighting(
                epoch: epoch, holder: holder, server: member.address,
                timelineBefore: lock.timeline, seen: BootClock.now()))
    }
}
