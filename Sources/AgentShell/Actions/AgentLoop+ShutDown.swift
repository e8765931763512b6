import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import ServerControl
import Units

/// The end of this member.
extension AgentLoop {
    /// Stops the server and, if it led, hands the lock over; then the agent ends.
    func shutDown() async throws {
        defer { end() }
        tellStop()
        defer { if instance.runningPostmaster == nil { watchdog.disable() } }
        let plan = Shutdown(
            isLeader: watch.standing(ttl: timings.ttl).isMine,
            isPaused: watch.view()?.configuration.isPaused ?? false, isStandbyLeader: isStandbyLeader, timings)
        switch plan {
        case .leave(let limit):
            await leaveSynchronous(within: limit)
            try await instance.stop(.fast, deadline: .seconds(40))
        case .keepLock:
            logger.notice("Leader key is not deleted due paused state")
            try await instance.stop(.fast, deadline: .seconds(40))
        case .releaseThenStop: try await shutDownStandbyLeader()
        case .handOver: try await shutDownLeader()
        }
    }

    private func shutDownLeader() async throws {
        let end = clock.now + Shutdown.time
        let heir: String?
        do {
            heir = try await heirOnLeaving()
        } catch {
            logger.notice("stopping without an heir: \(error)")
            heir = nil
        }
        if let heir {
            do {
                try await stopAndRelease(heir: heir, because: ChangeKind(handingOverFor: nil), until: end)
                return
            } catch {
                logger.warning("\(error)")
            }
        }
        // The checkpoint has had some of the time.
        if instance.runningPostmaster != nil {
            let limit = min(.seconds(30), Shutdown.stopTime(until: end, at: clock.now))
            // On a volume that takes no writes it would not end in order, however long that is waited for.
            try await instance.stop(volumeStuckSince == nil ? .fast : .immediate, deadline: stopLimit(limit))
        }
        let position = try await instance.shutdownCheckpoint()?.checkpoint
        guard Shutdown.mayLetGo(shutdownCheckpoint: position, record: watch.view()?.synchronous, by: me) else { return }
        _ = await keeper.release(heir: nil, position: position)
    }

    /// Whom a leader that stops in any case hands over to.
    private func heirOnLeaving() async throws -> String {
        let electable = try await electableOnLeaving()
        // Nobody is there: no time is lost.
        if case .none(let refusal) = try await heirStep(
            nil, among: electable, past: .invalid, mayWait: true, isLeaving: true)
        {
            throw refusal
        }
        // It makes the stop short, too.
        try await checkpoint(within: .seconds(20))
        return try await receivingHeir(nil, among: electable, isLeaving: true)
    }

    /// Whom a leader that stops in any case may hand over to; see ``vouch(for:)``.
    private func electableOnLeaving() async throws -> Set<String>? {
        guard let view = watch.view() else { throw HandOverRefusal("the store was never read") }
        return try await restriction(view)?.electableOnLeaving
    }

    private func shutDownStandbyLeader() async throws {
        var heir: String?
        do {
            let step = try await heirStep(
                nil, among: electableOnLeaving(), past: .invalid, mayWait: false, isLeaving: true)
            if case .handOver(let member) = step { heir = member }
        } catch {
            // Whatever keeps it from finding one, it stops.
            logger.info("stopping without an heir: \(error)")
        }
        do {
            try await releaseStandby(to: heir)
        } catch {
            logger.warning("stopping with the lock: \(error)")
        }
        try await instance.stop(.fast, deadline: .seconds(40))
    }

    /// Asked to stop before the store was ever read: there is nothing to hand over.
    func stopWithoutStore() async {
        defer { end() }
        tellStop()
        do {
            try await instance.stop(.fast, deadline: .seconds(40))
        } catch {
            logger.error("\(error)")
        }
    }
}
