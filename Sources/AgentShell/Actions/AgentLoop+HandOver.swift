import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    /// A planned change of leader: nothing acknowledged is lost, and nobody waits for a timer.
    ///
    /// 1. Look whether there is an heir. 2. Checkpoint, so that the stop is short. 3. Choose one that receives, by positions
    /// measured now. 4. Take the request off, if it still stands. 5. Stop in order, which ships all WAL. 6. Wait until the
    /// heir has the shutdown checkpoint. 7. Release the lock in its name. 8. Tell the result.
    ///
    /// Whatever fails before 5 costs nobody anything; before 7 it leaves the lock here, and the next cycle starts the primary
    /// again.
    func handOver(to candidate: String?, requestID: String?, request: FailoverRequest?) async throws {
        var result = SwitchoverResult(
            requestID: requestID, succeeded: false, from: me, to: candidate, reason: "switched over")
        do {
            let isForced = request?.isForced ?? false
            _ = try await heir(candidate, isForced: isForced)
            try await checkpoint(within: .seconds(120))
            guard let view = watch.view() else { throw HandOverRefusal("the store was never read") }
            let electable = isForced ? nil : try await electableMembers(view)
            let heir = try await receivingHeir(candidate, among: electable, isForced: isForced, isLeaving: false)
            try requireLock()
            try requireWritableVolume()
            try await take(request)
            let former = seen?.timeline
            let stopped = try await stopAndRelease(heir: heir, because: ChangeKind(handingOverFor: request))
            result.succeeded = true
            result.to = heir
            result.outage = await outage(since: stopped, after: former, until: heir)
        } catch {
            result.reason = "switchover failed: \(error)"
            logger.error("\(result.reason)")
        }
        await finish(request, result)
        // While paused nothing else would bring this server up again.
        guard result.succeeded, let view = watch.view(), view.configuration.isPaused, let heir = result.to else {
            return
        }
        try await rejoin(heir, from: heir)
    }

    /// - Parameter isForced: a failover may lead to any member. Here too it costs nothing: the heir gets everything first.
    func heir(_ candidate: String?, isForced: Bool = false) async throws -> String {
        let (view, mine, reports) = try await positions()
        let choice = chooseHeir(
            wanted: candidate, leader: mine, reports: reports, maximumLag: view.configuration.maximumLagOnFailover,
            synchronous: isForced ? nil : try await electableMembers(view))
        // Not `get()`: its typed throw crashes the optimiser of Swift 6.3.1 in this function.
        switch choice {
        case .success(let name): return name
        case .failure(let refusal): throw refusal
        }
    }

    private func positions() async throws -> (view: ClusterView, mine: PositionReport, others: [PositionReport]) {
        guard let view = watch.view(), let mine = await reportPosition() else {
            throw HandOverRefusal("the leader does not tell its own position")
        }
        let others = view.members.values.filter { $0.name != me && !$0.isBeingDeleted }
        return (view, mine, await peers.positions(of: Array(others)))
    }

    /// Whom a leader may hand over to, by a live read; nil when the record restricts nobody.
    func electableMembers(_ view: ClusterView) async throws -> Set<String>? {
        try await restriction(view)?.electable
    }

    /// What may restrict whom a leader hands over to, by a live read; nil: nothing does.
    func restriction(_ view: ClusterView) async throws -> SynchronousState? {
        guard view.configuration.standbyCluster == nil else { return nil }
        return try await store.readSynchronous(deadline: clock.now + timings.retryTimeout)
    }

    /// Who may lead, receives now and has replayed what it has, which this leader waits for while it still serves.
    ///
    /// - Requires: a checkpoint was made: its record is what shows who receives.
    /// - Throws: when there is nobody; see
    ///   ``judgeHeir(wanted:leader:reports:past:maximumLag:synchronous:largestBacklog:mayWait:isLeaving:)``.
    func receivingHeir(
        _ wanted: String?, among electable: Set<String>?, isForced: Bool = false, isLeaving: Bool
    ) async throws -> String {
        guard let goal = await reportPosition()?.position else {
            throw HandOverRefusal("the leader does not tell its own position")
        }
        let deadline = clock.now + Grace.heirReceives
        var hasWaited = false
        while true {
            let mayWait = clock.now < deadline
            let step = try await heirStep(
                wanted, among: electable, past: goal, isForced: isForced, mayWait: mayWait, isLeaving: isLeaving)
            switch step {
            case .handOver(let heir): return heir
            case .none(let refusal): throw refusal
            case .wait(let members):
                if !hasWaited {
                    logger.notice("waiting for a standby to receive and to replay", metadata: ["members": "\(members)"])
                }
                hasWaited = true
                try await clock.sleep(for: .milliseconds(20))
            }
        }
    }

    /// - Parameter isForced: the candidate is to lead whatever it costs, and however long it replays.
    func heirStep(
        _ wanted: String?, among electable: Set<String>?, past goal: LSN, isForced: Bool = false, mayWait: Bool,
        isLeaving: Bool
    ) async throws -> HeirStep {
        let (view, mine, reports) = try await positions()
        return judgeHeir(
            wanted: wanted, leader: mine, reports: reports, past: goal,
            maximumLag: view.configuration.maximumLagOnFailover, synchronous: electable,
            largestBacklog: isForced || view.configuration.standbyCluster != nil ? nil : configuration.largestBacklog,
            mayWait: mayWait, isLeaving: isLeaving)
    }

    /// It is being carried out from here on: the next leader must not find it, and refuse what has just been done.
    ///
    /// - Throws: ``HandOverRefusal`` when it was withdrawn or replaced while this member got ready.
    func take(_ request: FailoverRequest?) async throws {
        guard let request else { return }
        guard try await store.takeFailover(request, deadline: clock.now + timings.retryTimeout) else {
            throw HandOverRefusal("the request was withdrawn meanwhile")
        }
    }

    /// - Parameters:
    ///   - reason: what this change of the primary is called.
    ///   - end: when this agent has to have ended; nil: it goes on.
    /// - Returns: when the server began to stop.
    @discardableResult
    func stopAndRelease(
        heir: String, because reason: ChangeKind, until end: BootInstant? = nil
    ) async throws -> BootInstant {
        let began = clock.now
        let position = try await stopCleanly(within: stopLimit(Shutdown.stopTime(until: end, at: began)))
        let patience = min(.seconds(10), end.map { $0 - clock.now } ?? .seconds(10))
        guard await catchesUp(heir, to: position, within: patience) else {
            throw HandOverRefusal("\(heir) did not receive the shutdown checkpoint at \(position)")
        }
        try await vouch(for: heir)
        guard await keeper.release(heir: heir, because: reason, position: position) else {
            throw HandOverRefusal("the lock could not be released to \(heir)")
        }
        // Only now: until the release a renewal could have armed it again.
        try keeper.lowerFence()
        logger.notice(
            "handed the lock over",
            metadata: ["to": "\(heir)", "position": "\(position)", "stopped_for": "\(clock.now - began)"])
        return began
    }

    /// Stops the server with its last record shipped.
    ///
    /// - Returns: the shutdown checkpoint.
    /// - Throws: when the server could not be stopped in order; then it was killed.
    private func stopCleanly(within limit: Duration) async throws -> LSN {
        let report = try await instance.stop(.fast, deadline: limit)
        watchdog.disable()
        guard report.isClean, let position = report.shutdownCheckpoint else {
            throw HandOverRefusal("the server did not shut down in order")
        }
        return position.checkpoint
    }

    private func catchesUp(_ heir: String, to position: LSN, within limit: Duration) async -> Bool {
        let deadline = clock.now + limit
        while clock.now < deadline, !Task.isCancelled {
            // Positions are ends of records: past the checkpoint's start means that the heir has all of it.
            if let member = watch.view()?.members[heir], let report = await peers.position(of: member),
                report.position > position
            {
                return true
            }
            do { try await clock.sleep(for: .milliseconds(10)) } catch { return false }
        }
        return false
    }

    /// Records an heir the record does not let lead yet; see `SynchronousState.vouching(for:by:)`.
    ///
    /// - Requires: this server is down in order, and the heir has its last record.
    /// - Throws: when the record could not be written; the heir could not lead then.
    func vouch(for heir: String) async throws {
        // A view that is behind costs the heir its vote, and nobody a commit.
        guard let view = watch.view(), view.configuration.synchronous.mode != .off || view.synchronous?.isActive == true
        else { return }
        let deadline = clock.now + timings.retryTimeout
        guard let record = try await store.readSynchronous(deadline: deadline),
            let next = record.vouching(for: heir, by: me)
        else { return }
        try requireLock()
        synchronous.noteWriteBegins()
        let written = try await store.writeSynchronous(next, over: record, deadline: deadline)
        synchronous.noteWriteIsSettled()
        guard written != nil else {
            throw HandOverRefusal("synchronous replication state was updated by somebody else")
        }
        logger.notice("the heir has everything: it may lead", metadata: ["heir": "\(heir)"])
    }

    /// How long nobody could write, seen from here: until the heir's lock tells of its own timeline, and the route leads to it.
    ///
    /// What the nodes need to carry the route out comes on top.
    ///
    /// - Parameter former: the timeline of this leader.
    /// - Returns: nil if that was not seen; the lock has moved all the same.
    private func outage(since stopped: BootInstant, after former: Timeline?, until heir: String) async -> Duration? {
        let deadline = clock.now + .seconds(5)
        while clock.now < deadline, !Task.isCancelled {
            if let view = watch.view(), isServing(heir, after: former, in: view) { return clock.now - stopped }
            do { try await clock.sleep(for: .milliseconds(5)) } catch { return nil }
        }
        return nil
    }

    private func isServing(_ heir: String, after former: Timeline?, in view: ClusterView) -> Bool {
        if isRoutedByLabel { return view.members[heir]?.isLabelledPrimary == true }
        guard let lock = view.lock, lock.leader == heir, let former, let timeline = lock.timeline, timeline > former
        else { return false }
        return route.leads(to: heir) ?? true
    }
}
