import AgentShell
import HighAvailability
import Units

extension MemberSnapshot {
    /// `/liveness`: the loop runs. No SQL; a replica may be late twice as long as a primary, a paused cluster for ever.
    func isAlive(at now: BootInstant) -> Bool {
        let isPrimary = role == .primary && state == .running
        return isPaused || nextLoop + ttl * (isPrimary ? 1 : 2) > now
    }

    /// `/readiness`: the leader, or a replica that streams and is not further behind than the limit.
    ///
    /// A replica tagged `nostream` is as ready as it gets when it runs; no Service leads to it.
    ///
    /// - Parameter query: `lag`, a limit instead of `maximum_lag_on_failover`; `mode=write` compares what was received
    ///   instead of what was replayed.
    func isReady(query: [String: String], now: BootInstant) -> Bool {
        if isLeader(at: now) { return true }
        guard state == .running, isAnswering else { return false }
        if role == .replica, tags["nostream"]?.isTrue ?? false { return true }
        guard replicationState == "streaming" else { return false }
        // What streams knows how far its upstream is, also while the store is away.
        guard let newestPosition else { return isStoreFresh(at: now) || isFailsafeActive }
        let position = query["mode"] == "write" ? received ?? replayed : replayed
        let limit = query["lag"].flatMap(ByteSize.parse) ?? Int64(clamping: maximumLagOnFailover.rawValue)
        return Int64(clamping: newestPosition.bytes(since: position ?? .invalid).rawValue) <= limit
    }
}
