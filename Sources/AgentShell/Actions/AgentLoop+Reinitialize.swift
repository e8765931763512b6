import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    /// Replaces this member's data by a new copy of `source`, because somebody asked for it by name.
    ///
    /// Nothing is touched before the source has shown that it can be copied, and nothing is deleted: the old data is kept under
    /// a name with the order's id in it. From then on the order is carried out, whatever ends this agent or its copy: what is
    /// left to do is what any member without data does. Until then an order that is taken back is called off.
    func reinitialize(_ order: ReinitializeOrder, from source: String) async throws {
        guard case .held(let leader) = watch.standing(ttl: timings.ttl) else { return }
        // What it promised not to receive it must not copy either: its data counts in an election.
        try await requireNoSeal(against: leader)
        guard try await isCopyable(source, of: leader, order) else { return }
        if let room = await instance.roomForCopy(from: try upstream(source), deadline: .seconds(5)),
            let objection = objectionToRoom(for: order, size: room.size, copy: room.copy, free: room.free)
        {
            return answer(order, .refused, objection)
        }
        if order.isForMissingWAL, let objection = await objectionWithoutNeed(leader) {
            return answer(order, .refused, objection)
        }
        answer(order, .running, "stopping, to be copied from \(source)")
        await leaveSynchronous(within: timings.ttl)
        try Task.checkCancellation()
        if let objection = objectionToLeaving(order, leader: leader) { return answer(order, .refused, objection) }
        guard isAsked(order) else { return }
        await recordWhatIsLeftBehind(by: leader)
        // It looks for files in this data.
        settingsKeeping.proof.cancel()
        let ran = instance.runningPostmaster != nil
        if ran { try await instance.stop(.fast, deadline: stopLimit(.seconds(60))) }
        try await instance.killLeftovers()
        try Task.checkCancellation()
        guard try await mayMove(order, copying: source, of: leader) else {
            // While paused nothing else would start it. Whom it follows is the next decision's.
            if ran { try await startStandby(following: nil) }
            return
        }
        let kept = try await instance.moveDataDirectoryAside(reason: order.label)
        life.noteStop()
        server = .noData
        requests.noteCopy(for: order.id, from: source, keptAs: kept)
        logger.notice(
            "reinitialize: copying from \(source); the old data is kept as \(kept)",
            metadata: ["reinitialize": "\(order.id)"])
        try await clone(from: source)
    }

    /// Whether the data may go, now that the server is down.
    ///
    /// Stopping may have taken long, and a leader that has died holds its lock until that has run out. Without one this data
    /// may be the best there is. What may take long is asked first: the lock live, and its holder's server last.
    private func mayMove(
        _ order: ReinitializeOrder, copying source: String, of leader: String
    ) async throws -> Bool {
        if source != leader, try await !isCopyable(source, of: leader, order) { return false }
        if let objection = try await objectionToLeader(leader) {
            answer(order, .refused, objection)
            return false
        }
        guard try await isCopyable(leader, of: leader, order, makesSlot: source == leader) else { return false }
        guard case .held(leader) = watch.standing(ttl: timings.ttl) else {
            answer(order, .refused, "\(leader) leads no more")
            return false
        }
        return isAsked(order)
    }

    /// Asks the source; one that cannot be copied is answered, or avoided by the next decision.
    private func isCopyable(
        _ source: String, of leader: String, _ order: ReinitializeOrder, makesSlot: Bool = true
    ) async throws -> Bool {
        let isLeader = source == leader
        do {
            try await instance.requireCopyable(
                try upstream(source, withSlot: isLeader && makesSlot), deadline: .seconds(5))
            return true
        } catch {
            try Task.checkCancellation()
            if isLeader {
                answer(order, .refused, "\(source) cannot be copied: \(error)")
            } else {
                avoid(source, because: "\(error)")
            }
            return false
        }
    }

    /// Asked by nobody but this member, which may have got what it lacked: from an archive, or from a person.
    private func objectionWithoutNeed(_ leader: String) async -> String? {
        guard let seen, seen.isInRecovery, seen.receiver?.isStreaming != true else {
            return "this member does not wait for WAL any more"
        }
        do {
            let start = try await instance.missingWAL(after: seen.position, on: try upstream(leader, withSlot: false))
            return start == nil ? "\(leader) has the WAL this member needs" : nil
        } catch {
            return "nobody knows whether \(leader) has the WAL this member needs: \(error)"
        }
    }

    /// Whether `leader` leads still, by a live read.
    private func objectionToLeader(_ leader: String) async throws -> String? {
        do {
            let lock = try await store.readLock(deadline: clock.now + timings.retryTimeout)
            return lock?.leader == leader ? nil : "\(leader) leads no more"
        } catch {
            try Task.checkCancellation()
            return "nobody knows whether \(leader) leads still: \(error)"
        }
    }

    /// It is not taken back, and no other one has taken its place.
    private func isAsked(_ order: ReinitializeOrder) -> Bool {
        guard watch.view()?.reinitialize != order else { return true }
        logger.notice("not reinitializing: the order was taken back", metadata: ["reinitialize": "\(order.id)"])
        return false
    }

    /// A leader that names this member in its record has commits that this data may be needed for.
    private func objectionToLeaving(_ order: ReinitializeOrder, leader: String) -> String? {
        guard !order.isForced, let view = watch.view() else { return nil }
        let verdict = judgeLeaving(
            me, policy: view.configuration.synchronous, leader: leader, record: view.synchronous)
        guard verdict == .awaitRecord else { return nil }
        return
            "\(leader) still waits for this member's confirmations after \(timings.ttl); force it if commits may wait"
    }

    /// A former primary may have WAL that nobody else has; it is kept with the data, and told while it can be read.
    private func recordWhatIsLeftBehind(by leader: String) async {
        guard case .stopped(let stopped) = server, stopped.wasPrimary else { return }
        do {
            try await reportAbandoned(try upstream(leader))
        } catch {
            logger.warning("cannot tell which WAL is left behind", metadata: ["error": "\(error)"])
        }
    }

    private func answer(
        _ order: ReinitializeOrder, _ outcome: ReinitializeReport.Outcome, _ reason: String
    ) {
        logger.log(
            level: outcome == .refused ? .error : .notice, "reinitialize: \(reason)",
            metadata: ["reinitialize": "\(order.id)"])
        requests.noteAnswer(ReinitializeReport(id: order.id, outcome: outcome, reason: reason))
    }

    /// What this member says of the copy it is asked for, with how far the copy is.
    func reinitializeReport(in view: ClusterView) -> ReinitializeReport? {
        guard let order = view.reinitialize, order.member == me else { return nil }
        var report = view.reinitializeReport(
            of: me, requests.reinitialize, isKept: instance.hasMovedAside(reason: order.label))
        if let running = report, !running.isFinal {
            report?.percent = nil
            if let percent = instance.copiedPercent { report = requests.progress(percent, of: running) }
        }
        return report
    }

    /// The order this member has moved its data aside for. The old data may have been removed since: then what it said counts.
    func begunReinitialize(in view: ClusterView) -> String? {
        guard let report = reinitializeReport(in: view), report.isMoved == true else { return nil }
        return report.id
    }
}
