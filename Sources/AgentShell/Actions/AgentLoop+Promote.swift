import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    /// Ends recovery and tells the store the new timeline. The route leads here since the lock is held.
    func promote() async throws {
        guard case .standby(let before) = server else { return }
        try requireNoStandbyCluster()
        // A standby leader has had none.
        try keeper.requireFence()
        let wasStandbyLeader = publisher.wanted?.status.role == .standbyLeader
        // Clients of a standby leader stay where they are.
        if !wasStandbyLeader, isRoutedByLabel { withdrawRoute() }
        defer { reign.isRouteWithdrawn = false }
        try await takeOverSynchronous(isRestart: false)
        try requireLock()
        try requireNoStandbyCluster()
        reign.notePromotion()
        let started = clock.now
        let timeline: Timeline
        do {
            timeline = try await endRecovery()
        } catch {
            await noteFailedPromotion()
            throw error
        }
        let promoted = clock.now
        // Those of a cluster that was copied from another one are the other one's.
        life.noteRoles(exist: !wasStandbyLeader)
        logger.notice(
            "promoted", metadata: ["timeline": "\(timeline)", "elapsed": "\(promoted - started)"])
        // What the server was told last may lack a few bytes of where it really left the former timeline.
        let start = await instance.history(of: timeline)?.end(of: before.timeline) ?? before.position
        let kind = judgeChange(
            of: reign.takenLock, by: me, won: requests.won, wasStandbyLeader: wasStandbyLeader)
        reign.begin(
            ReignKeeping.Beginning(
                timeline: timeline,
                change: TimelineSwitch(
                    timeline: before.timeline, position: start, reason: "no recovery target specified",
                    time: clock.wallTime.text, newLeader: me, kind: kind)),
            loss: wasStandbyLeader
                ? nil : judgeLoss(of: reign.takenLock, by: me, timeline: before.timeline, start: start),
            promotedAt: wasStandbyLeader ? nil : promoted)
        beginFirstWrite()
        try await takeOffice()
        reign.noteOffice()
        await reportWonRequest()
    }

    /// Takes a standby that is being promoted out of the read-only Service, where the label it gets next is its route.
    ///
    /// Done beside the promotion: a node takes some 100 ms to carry a new set of addresses out, and the new leader's would
    /// have to wait for that. Where the route is there already, the read-only Service can wait.
    func withdrawRoute() {
        reign.isRouteWithdrawn = true
        guard var wish = publisher.wanted else { return }
        wish.label = .remove
        publisher.publish(wish)
    }

    /// Ends recovery, and what keeps it from ending.
    ///
    /// - Requires: the lock.
    /// - Throws: when recovery has not ended after a minute; the server was asked to promote, and may yet do so.
    func endRecovery() async throws -> Timeline {
        // Beside it, and over with it.
        async let _: Void = clearTheWay()
        return try await instance.promote(deadline: .seconds(60))
    }

    /// Looks again and again what replay waits for, until recovery has ended.
    private func clearTheWay() async {
        var promotion = PromotionWatch()
        let began = clock.now
        while true {
            do {
                try await clock.sleep(for: PromotionWatch.interval)
                let status = try await instance.recoveryStatus(deadline: .seconds(2))
                guard status.isInRecovery else { return }
                outage.noteReplay(status.replayed, at: clock.now)
                if clock.now - began >= PromotionWatch.usualTime { note(status) }
                switch promotion.look(
                    replayed: status.replayed, waitsForTransaction: status.wait == .transaction, at: clock.now)
                {
                case .wait: break
                case .endTransactions:
                    try requireLock()
                    let count = try await instance.endTransactions(deadline: .seconds(2))
                    logger.warning(
                        "ended transactions that kept the promotion waiting",
                        metadata: [
                            "count": "\(count)", "replayed": "\(status.replayed)", "left": "\(status.left.rawValue)",
                        ])
                }
            } catch {
                // The promotion has ended, and with it what was being asked.
                if Task.isCancelled { return }
                logger.info("what the promotion waits for is not known", metadata: ["error": "\(error)"])
            }
            if Task.isCancelled { return }
        }
    }

    private func note(_ status: RecoveryStatus) {
        let cause =
            switch status.wait {
            case .transaction: "replay waits for a transaction"
            case .restoreCommand: "restore_command was asked for a file and has not ended"
            case .nothing: status.left.rawValue > 0 ? "there is WAL left to replay" : "recovery has not ended"
            }
        let problem = "the promotion takes long: \(cause)"
        guard problem != reign.promotionProblem else { return }
        reign.promotionProblem = problem
        logger.warning("\(problem)", metadata: ["left": "\(status.left.rawValue)"])
    }

    /// A startup process that cannot end its recovery, for example because the disk is full, takes the server with it.
    func noteFailedPromotion() async {
        let deadline = clock.now + .seconds(1)
        while instance.runningPostmaster != nil, clock.now < deadline, !Task.isCancelled {
            do { try await clock.sleep(for: .milliseconds(10)) } catch { return }
        }
        if instance.runningPostmaster == nil { outage.noteFailedStart() }
    }

    /// A server that leads, or streams from who does, has nothing more to tell of a promotion.
    func notePromotionIsOver() {
        if server.hasLeftPromotion { reign.promotionProblem = nil }
    }
}
