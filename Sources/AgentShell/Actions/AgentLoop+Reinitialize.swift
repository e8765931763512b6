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
        if let room = await instance.roomForCopy(),
            let objection = objectionToRoom(for: order, size: room.size, free: room.free)
        {
            return answer(order, .refused, objection)
        }
        guard try await isCopyable(source, of: leader, order) else { return }
        answer(order, .running, "stopping, to be copied from \(source)")
        await leaveSynchronous(within: timings.ttl)
        try Task.checkCancellation()
        if let objection = objectionToLeaving(order, leader: leader) { return answer(order, .refused, objection) }
        guard isAsked(order) else { return }
        await recordWhatIsLeftBehind(by: leader)
        if instance.runningPostmaster != nil { try await instance.stop(.fast, deadline: stopLimit(.seconds(60))) }
        try await instance.killLeftovers()
        try Task.checkCancellation()
        // All that may have taken long, and a leader that has died holds its lock until that has run out. Without one this data may be
        // the best there is: it is asked for live. The server is started again by the next decision.
        guard try await isCopyable(source, of: leader, order) else { return }
        if let objection = try await objectionToLeader(leader, source) { return answer(order, .refused, objection) }
        guard isAsked(order) else { return }
        let kept = try await instance.moveDataDirectoryAside(reason: order.label)
        life.noteStop()
        server = .noData
        answer(order, .running, "copying from \(source); the old data is kept as \(kept)", isMoved: true)
        do {
            try await clone(from: source)
        } catch {
            // The next decision tries again, as for any member without data.
            requests.noteAnswer(
                ReinitializeReport(
                    id: order.id, outcome: .running,
                    reason: "a copy from \(source) failed and is tried again: \(error); the old data is kept as "
                        + kept, isMoved: true))
            throw error
        }
    }

    /// Asks the source; one that cannot be copied is answered, or avoided by the next decision.
    private func isCopyable(_ source: String, of leader: String, _ order: ReinitializeOrder) async throws -> Bool {
        let isLeader = source == leader
        do {
            try await instance.requireCopyable(try upstream(source, withSlot: isLeader), deadline: .seconds(5))
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

    /// Whether `leader` leads still, by a live read, and answers.
    ///
    /// - Parameter source: it has answered a moment ago.
    private func objectionToLeader(_ leader: String, _ source: String) async throws -> String? {
        do {
            let lock = try await store.readLock(deadline: clock.now + timings.retryTimeout)
            if source != leader {
                try await instance.requireCopyable(try upstream(leader, withSlot: false), deadline: .seconds(5))
            }
            guard lock?.leader == leader, case .held(leader) = watch.standing(ttl: timings.ttl) else {
                return "\(leader) leads no more"
            }
            return nil
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
        _ order: ReinitializeOrder, _ outcome: ReinitializeReport.Outcome, _ reason: String, isMoved: Bool? = nil
    ) {
        logger.log(
            level: outcome == .refused ? .error : .notice, "reinitialize: \(reason)",
            metadata: ["reinitialize": "\(order.id)"])
        requests.noteAnswer(ReinitializeReport(id: order.id, outcome: outcome, reason: reason, isMoved: isMoved))
    }

    /// What this member says of the copy it is asked for, with how far the copy is.
    func reinitializeReport(in view: ClusterView) -> ReinitializeReport? {
        guard let order = view.reinitialize, order.member == me else { return nil }
        var report = view.reinitializeReport(
            of: me, requests.reinitialize, isKept: instance.hasMovedAside(reason: order.label))
        if report?.outcome == .running { report?.percent = instance.copiedPercent.map { $0 / 10 * 10 } }
        return report
    }

    /// The order this member has moved its data aside for. The old data may have been removed since: then what it said counts.
    func begunReinitialize(in view: ClusterView) -> String? {
        guard let report = reinitializeReport(in: view), report.isMoved == true else { return nil }
        return report.id
    }
}
