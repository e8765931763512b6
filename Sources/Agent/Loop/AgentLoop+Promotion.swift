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

    /// Looks every 100 ms what replay waits for, until recovery has ended.
    private func clearTheWay() async {
        var promotion = PromotionWatch()
        while true {
            do {
                try await Task.sleep(for: .milliseconds(100))
                let status = try await instance.recoveryStatus(deadline: .seconds(2))
                guard status.isInRecovery else { return }
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
            } catch is CancellationError {
                return
            } catch {
                logger.info("what the promotion waits for is not known", metadata: ["error": "\(error)"])
            }
            if Task.isCancelled { return }
        }
    }
}
