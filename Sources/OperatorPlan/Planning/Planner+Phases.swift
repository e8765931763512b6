import ClusterRecords
import HighAvailability
import PostgresClusterAPI
import Units

/// Where the time of the last failover went, from what the new primary says of it once it takes writes.
extension Planner {
    /// Told once: what the status has is not asked for again.
    mutating func describePhases() {
        guard var failover = status.lastFailover, failover.phases == nil, let begun = failover.timeline,
            let takeover = situation.member(failover.to)?.record.takeover,
            Int64(takeover.timeline.rawValue) == begun
        else { return }
        let phases = PhasesStatus(takeover)
        failover.phases = phases
        status.lastFailover = failover
        event(.writesResumed, phases.message(of: failover))
    }
}

extension PhasesStatus {
    /// The total is that of whole milliseconds: it is what the four add up to.
    fileprivate init(_ takeover: TakeoverPhases) {
        let parts = [takeover.silence, takeover.election, takeover.promotion, takeover.firstWrite].map(\.milliseconds)
        self.init(
            silenceMillis: parts[0], electionMillis: parts[1], promotionMillis: parts[2], firstWriteMillis: parts[3],
            totalMillis: parts.reduce(0, +))
    }
}

extension PhasesStatus {
    /// One sentence for the Event.
    fileprivate func message(of failover: FailoverStatus) -> String {
        "\(failover.to) accepts writes, \(totalText) after the last sign of life of "
            + "\(failover.from ?? "the old primary"): \(partsText)"
    }
}
