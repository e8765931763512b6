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
    /// left to do is what any member without data does.
    func reinitialize(_ order: ReinitializeOrder, from source: String) async throws {
        guard case .held(let leader) = watch.standing(ttl: timings.ttl) else { return }
        // What it promised not to receive it must not copy either: its data counts in an election.
        try await requireNoSeal(against: leader)
        let isLeader = source == leader
        do {
            try await instance.requireCopyable(try upstream(source, withSlot: isLeader), deadline: .seconds(5))
        } catch {
            try Task.checkCancellation()
            // The next decision takes another source.
            guard isLeader else { return avoid(source, because: "\(error)") }
            return answer(order, .refused, "\(source) cannot be copied: \(error)")
        }
        answer(order, .running, "stopping, to be copied from \(source)")
        await leaveSynchronous(within: timings.ttl)
        try Task.checkCancellation()
        if let objection = objectionToLeaving(order, leader: leader) { return answer(order, .refused, objection) }
        await recordWhatIsLeftBehind(by: leader)
        if instance.runningPostmaster != nil { try await instance.stop(.fast, deadline: stopLimit(.seconds(60))) }
        try await instance.killLeftovers()
        try Task.checkCancellation()
        // The stop may have taken long. Without a leader this data may be the best there is.
        guard case .held(leader) = watch.standing(ttl: timings.ttl) else {
            return answer(order, .refused, "\(leader) leads no more")
        }
        let kept = try await instance.moveDataDirectoryAside(reason: order.label)
        life.noteStop()
        server = .noData
        answer(order, .running, "copying from \(source); the old data is kept as \(kept)")
        do {
            try await clone(from: source)
        } catch {
            // The next decision tries again, as for any member without data.
            requests.noteAnswer(
                ReinitializeReport(
                    id: order.id, outcome: .running,
                    reason: "a copy from \(source) failed and is tried again: \(error); the old data is kept as "
                        + kept))
            throw error
        }
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

    private func answer(_ order: ReinitializeOrder, _ outcome: ReinitializeReport.Outcome, _ reason: String) {
        logger.log(
            level: outcome == .refused ? .error : .notice, "reinitialize: \(reason)",
            metadata: ["reinitialize": "\(order.id)"])
        requests.noteAnswer(ReinitializeReport(id: order.id, outcome: outcome, reason: reason))
    }

    /// What this member says of the copy it is asked for, with how far the copy is.
    func reinitializeReport(in view: ClusterView) -> ReinitializeReport? {
        var report = requests.reinitializeReport(of: me, in: view)
        if report?.outcome == .running { report?.percent = instance.copiedPercent.map { $0 / 10 * 10 } }
        return report
    }

    /// The order whose old data lies beside the data directory; looked for only while there is one.
    func begunReinitialize(in view: ClusterView) -> String? {
        guard let order = view.reinitialize, order.member == me, instance.hasMovedAside(reason: order.label) else {
            return nil
        }
        return order.id
    }
}
