import HighAvailability
import Logging
import PostgresClient
import PostgresInstance
import Units

extension AgentLoop {
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
        let began = BootInstant.now()
        while true {
            do {
                try await Task.sleep(for: PromotionWatch.interval)
                let status = try await instance.recoveryStatus(deadline: .seconds(2))
                guard status.isInRecovery else { return }
                outage.noteReplay(status.replayed, at: .now())
                if BootInstant.now() - began >= PromotionWatch.usualTime { note(status) }
                switch promotion.look(
                    replayed: status.replayed, waitsForTransaction: status.wait == .transaction, at: .now())
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

    /// A server that leads, or streams from who does, has nothing more to tell of a promotion.
    func notePromotionIsOver() {
        if server.hasLeftPromotion { reign.promotionProblem = nil }
    }

    /// Whether the server is a primary by now; asked right before it is ended.
    func hasEndedRecovery() async -> Bool {
        guard case .answered(let status) = await instance.observe(deadline: .seconds(1)) else { return false }
        return !status.isInRecovery
    }
}
