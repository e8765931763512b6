import ClusterStore
import HighAvailability

/// When there is no deadline for init, though this member leads or has led.
extension LockKeeper {
    /// init may have a deadline in force, or one that has passed: then it kills what is started in the data directory.
    var mayBeFenced: Bool { desk.look { station, _ in station.fence == .raised } }

    /// What runs here is a standby and stays one: it may go on without a lock.
    var isFenceRelaxed: Bool { desk.look { station, _ in station.fence == .relaxed } }

    /// Takes the fence down, because nothing of this member needs one; that of a lock that is held stays.
    ///
    /// - Throws: `FenceError`; the former deadline then stays in force.
    func lowerFence() throws {
        try require(desk.step { $0.lowerFence(at: $1) })
    }

    /// Takes the fence down under a lock that is held, for a leader that takes no writes: a standby leader.
    ///
    /// - Throws: `FenceError`; the former deadline then stays in force.
    func relaxFence() throws {
        try require(desk.step { station, _ in station.relaxFence() })
    }

    /// Puts the fence up again, before what runs here may become a primary.
    ///
    /// - Throws: ``AgentError`` when there is no lock to fence by, `FenceError` when init cannot be told.
    func requireFence() throws {
        let step = desk.step { $0.requireFence(at: $1) }
        try require(step)
        if step.directives.contains(.say(.notHeld)) {
            throw AgentError(.actionFailed, "the lock is not held any more, so nothing is fenced by it")
        }
    }

    private func require(_ step: LockDesk.Step) throws {
        if let error = step.fenceError { throw error }
    }
}
