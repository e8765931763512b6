import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    /// A planned change of standby leader: nothing is stopped, the heir receives from the remote server instead of this one.
    func handOverStandby(to candidate: String?, requestID: String?, request: FailoverRequest?) async {
        var result = SwitchoverResult(
            requestID: requestID, succeeded: false, from: me, to: candidate, reason: "switched over")
        do {
            let heir = try await heir(candidate, isForced: request?.isForced ?? false)
            try requireLock()
            try await take(request)
            try await releaseStandby(to: heir)
            result.succeeded = true
            result.to = heir
        } catch {
            result.reason = "switchover failed: \(error)"
            logger.error("\(result.reason)")
        }
        await finish(request, result)
    }

    /// Lets the remote server's slot go first, which serves one standby at a time.
    func releaseStandby(to heir: String?) async throws {
        try await writeConfiguration(.standby(upstream: nil))
        life.leaveRemote()
        guard await keeper.release(heir: heir, position: seen?.position) else {
            throw HandOverRefusal("the lock could not be released\(heir.map { " to \($0)" } ?? "")")
        }
        logger.notice("handed the lock over", metadata: ["to": "\(heir ?? "nobody")"])
    }
}
