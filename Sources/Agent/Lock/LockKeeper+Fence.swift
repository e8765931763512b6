import ClusterStore
import Fence
import HighAvailability
import Synchronization
import Units

/// When there is no deadline for init, though this member leads or has led.
extension LockKeeper {
    /// init may have a deadline in force, or one that has passed: then it kills what is started in the data directory.
    var mayBeFenced: Bool { isFenceRaised.load(ordering: .sequentiallyConsistent) }

    /// Takes the fence down, because nothing of this member needs one: its server is stopped, or about to run as a standby.
    ///
    /// A lock that is held keeps its fence. One step with the confirmation of renewals: an answer that is late would make
    /// this member the holder between a look at the lock and the message to init, and leave it one without a deadline.
    ///
    /// - Throws: `FenceError`; the former deadline then stays in force.
    func lowerFence() throws {
        try keeping.withLock { keeping in
            if keeping.endIfOver(at: BootClock.now()) { watch.relinquishLock() }
            guard keeping.held == nil else { return }
            try fence?.disarm()
            isFenceRaised.store(false, ordering: .sequentiallyConsistent)
        }
    }

    /// Takes the fence down under a lock that is held, for a leader that takes no writes: a standby leader.
    ///
    /// - Throws: `FenceError`; the former deadline then stays in force.
    func relaxFence() throws {
        try keeping.withLock { _ in
            try fence?.disarm()
            isRelaxed.store(true, ordering: .sequentiallyConsistent)
            isFenceRaised.store(false, ordering: .sequentiallyConsistent)
        }
    }

    /// Puts the fence up again, before what runs here may become a primary.
    ///
    /// - Throws: ``AgentError`` when there is no lock to fence by, `FenceError` when init cannot be told.
    func requireFence() throws {
        try keeping.withLock { keeping in
            if keeping.endIfOver(at: BootClock.now()) { watch.relinquishLock() }
            guard let held = keeping.held else {
                throw AgentError(.actionFailed, "the lock is not held any more, so nothing is fenced by it")
            }
            isRelaxed.store(false, ordering: .sequentiallyConsistent)
            try arm(held.until)
        }
    }

    var isFenceRelaxed: Bool { isRelaxed.load(ordering: .sequentiallyConsistent) }
}
