import ClusterStore
import HighAvailability
import Logging
import PostgresInstance

extension AgentLoop {
    /// A planned change of leader: nothing acknowledged is lost, and nobody waits for a timer.
    ///
    /// 1. Choose the heir from positions measured now. 2. Checkpoint, so that the stop is short. 3. Choose again. 4. Take
    /// the request off. 5. Stop in order, which ships all WAL. 6. Wait until the heir has the shutdown checkpoint.
    /// 7. Release the lock in its name. 8. Tell the result.
    ///
    /// Whatever fails before 7 leaves the lock here: the next cycle starts the primary again.
    func handOver(to candidate: String?, requestID: String?, request: FailoverRequest?) async throws {
        var result = SwitchoverResult(
            requestID: requestID, succeeded: false, from: me, to: candidate, reason: "switched over")
        do {
            let isForced = request?.isForced ?? false
            var heir = try await heir(candidate, isForced: isForced)
            try await instance.checkpoint(deadline: .seconds(120))
            heir = try await self.heir(candidate ?? heir, isForced: isForced)
            try requireLock()
            // It is being carried out: the next leader must not find it, and refuse what has just been done.
            try await store.finishFailover(request, result: nil, deadline: .now() + timings.retryTimeout)
            let stopped = try await stopAndRelease(heir: heir)
            result.succeeded = true
            result.to = heir
            result.outage = await outage(since: stopped, until: heir)
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

    /// - Parameters:
    ///   - isForced: a failover may lead to any member. Here too it costs nothing: the heir gets everything first.
    ///   - isLeaving: this leader stops in any case. When its record lets nobody else lead, anybody who will have its last
    ///     record may be the heir; see ``vouch(for:)``.
    func heir(_ candidate: String?, isForced: Bool = false, isLeaving: Bool = false) async throws -> String {
        guard let view = watch.view(), let mine = await reportPosition() else {
            throw HandOverRefusal("the leader does not tell its own position")
        }
        let others = view.members.values.filter { $0.name != me && !$0.isBeingDeleted }
        let reports = await peers.positions(of: Array(others))
        var electable = isForced ? nil : try await electableMembers(view)
        if isLeaving, electable?.isEmpty == true { electable = nil }
        let choice = chooseHeir(
            wanted: candidate, leader: mine, reports: reports, maximumLag: view.configuration.maximumLagOnFailover,
            synchronous: electable)
        // Not `get()`: its typed throw crashes the optimiser of Swift 6.3.1 in this function.
        switch choice {
        case .success(let name): return name
        case .failure(let refusal): throw refusal
        }
    }

    /// How long nobody could write, seen from here: until the heir's Pod carries the label the Service follows.
    ///
    /// - Returns: nil if that was not seen; the lock has moved all the same.
    private func outage(since stopped: BootInstant, until heir: String) async -> Duration? {
        let deadline = BootInstant.now() + .seconds(5)
        while BootInstant.now() < deadline, !Task.isCancelled {
            if watch.view()?.members[heir]?.isLabelledPrimary == true { return .now() - stopped }
            do { try await Task.sleep(for: .milliseconds(5)) } catch { return nil }
        }
        return nil
    }

    /// - Returns: when the server began to stop.
    @discardableResult
    private func stopAndRelease(heir: String) async throws -> BootInstant {
        let began = BootInstant.now()
        let position = try await stopCleanly(within: stopLimit())
        guard await catchesUp(heir, to: position, within: .seconds(10)) else {
            throw HandOverRefusal("\(heir) did not receive the shutdown checkpoint at \(position)")
        }
        try await vouch(for: heir)
        guard await keeper.release(heir: heir, position: position) else {
            throw HandOverRefusal("the lock could not be released to \(heir)")
        }
        // Only now: until the release a renewal could have armed it again.
        try keeper.lowerFence()
        logger.notice(
            "handed the lock over",
            metadata: ["to": "\(heir)", "position": "\(position)", "stopped_for": "\(BootInstant.now() - began)"])
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
        let deadline = BootInstant.now() + limit
        while BootInstant.now() < deadline, !Task.isCancelled {
            // Positions are ends of records: past the checkpoint's start means that the heir has all of it.
            if let member = watch.view()?.members[heir], let report = await peers.position(of: member),
                report.position > position
            {
                return true
            }
            do { try await Task.sleep(for: .milliseconds(10)) } catch { return false }
        }
        return false
    }

    // MARK: The end of this member

    /// Stops the server and, if it led, hands the lock over; then the agent ends.
    func shutDown() async throws {
        defer { end() }
        tellStop()
        defer { if instance.runningPostmaster == nil { watchdog.disable() } }
        let isPaused = watch.view()?.configuration.isPaused ?? false
        guard watch.standing(ttl: timings.ttl).isMine else {
            await leaveSynchronous()
            try await instance.stop(.fast, deadline: .seconds(40))
            return
        }
        if isPaused {
            logger.notice("Leader key is not deleted due paused state")
            try await instance.stop(.fast, deadline: .seconds(40))
            return
        }
        if isStandbyLeader { return try await shutDownStandbyLeader() }
        let heir: String?
        do {
            let chosen = try await self.heir(nil, isLeaving: true)
            try await instance.checkpoint(deadline: .seconds(20))
            heir = chosen
        } catch {
            logger.notice("stopping without an heir: \(error)")
            heir = nil
        }
        if let heir {
            do {
                try await stopAndRelease(heir: heir)
                return
            } catch {
                logger.warning("\(error)")
            }
        }
        // The Pod's own time to end is 60 s, and the checkpoint has had some of it.
        if instance.runningPostmaster != nil { try await instance.stop(.fast, deadline: stopLimit(.seconds(30))) }
        // A server that is down in order has shipped all it wrote; one that was killed runs out with its lock, unless
        // everything it acknowledged is on the standbys that alone may be elected.
        let position = try await instance.shutdownCheckpoint()?.checkpoint
        if position != nil || isElectionRestricted { _ = await keeper.release(heir: nil, position: position) }
    }

    /// The lock first: nothing here is written, and who comes next need not wait for the stop.
    private func shutDownStandbyLeader() async throws {
        do {
            let heir: String?
            do { heir = try await self.heir(nil, isLeaving: true) } catch { heir = nil }
            try await releaseStandby(to: heir)
        } catch {
            logger.warning("stopping with the lock: \(error)")
        }
        try await instance.stop(.fast, deadline: .seconds(40))
    }

    /// Commits have waited for standbys, and the record says for whose.
    private var isElectionRestricted: Bool {
        guard let view = watch.view(), view.configuration.synchronous.mode != .off else { return false }
        return view.synchronous?.isActive == true && view.synchronous?.leader == me
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
