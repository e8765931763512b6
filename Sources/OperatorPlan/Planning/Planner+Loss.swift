import ClusterRecords
import HighAvailability
import PostgresClusterAPI
import Units

/// What the last failover lost, from what the new primary knew and what the old one found when it came back.
extension Planner {
    mutating func describeLoss() {
        describeRequestedLoss()
        guard var failover = status.lastFailover, let before = failover.loss else { return }
        let loss = situation.loss(of: failover) ?? before
        failover.loss = loss
        status.lastFailover = failover
        guard loss.outcome != before.outcome else { return }
        let message = loss.message(of: failover)
        switch loss.outcome {
        case .unknown: break
        case .possible: warn(.dataLossPossible, message)
        case .lost: warn(.dataLost, message)
        case .nothing: event(.nothingLost, message)
        }
    }
}

extension Planner {
    /// A change somebody asked for is a failover all the same when nothing vouches for it, as one that was forced.
    private mutating func describeRequestedLoss() {
        guard let report = situation.loss, report.verdict == .possible, status.timeline == report.begun,
            status.lastPrimary == report.member, status.lastFailover?.timeline != status.timeline
        else { return }
        status.lastFailover = FailoverStatus(
            from: report.former ?? previous.lastPrimary, to: report.member, timeline: status.timeline, at: now,
            reason: "Requested", loss: LossStatus(outcome: .unknown))
    }
}

extension ClusterSituation {
    /// nil when nobody has said anything new about this failover.
    fileprivate func loss(of failover: FailoverStatus) -> LossStatus? {
        guard let begun = failover.timeline, let report = loss, report.member == failover.to, report.begun == begun
        else { return nil }
        let found = failover.from.flatMap { abandoned[$0]?.abandoned }.flatMap {
            $0.timeline == report.timeline ? $0 : nil
        }
        let start = found?.start ?? report.start
        let end = found?.end ?? report.published.map { max($0, start) }
        let outcome: LossStatus.Outcome =
            switch report.verdict {
            case .complete, .confirmed: .nothing
            case .possible: found.map { $0.start >= $0.end || $0.commits == 0 ? .nothing : .lost } ?? .possible
            }
        return LossStatus(
            outcome: outcome, timeline: Int64(report.timeline.rawValue), from: start.description, to: end?.description,
            bytes: end.map { Int64(clamping: $0.bytes(since: start).rawValue) },
            commits: found?.commits.map { Int64($0) })
    }
}

extension FailoverLoss {
    /// The timeline that promotion began.
    fileprivate var begun: Int64 { Int64(timeline.rawValue) + 1 }
}

extension LossStatus {
    /// One sentence for the condition and the Event.
    func message(of failover: FailoverStatus) -> String {
        let old = failover.from ?? "the old primary"
        let range = "WAL \(from ?? "?") to \(to ?? "?") of timeline \(timeline ?? 0)"
        let size = bytes.map { " (\($0) bytes)" } ?? ""
        switch outcome {
        case .unknown:
            return "\(failover.to) has not said yet what its promotion may have cost"
        case .nothing:
            let gone =
                commits.map {
                    $0 > 0 ? "; \($0) transactions in \(range) no synchronous standby had confirmed are gone" : ""
                }
                ?? ""
            return "Nothing that was acknowledged is missing after \(failover.to) took over from \(old)\(gone)"
        case .possible:
            return "\(failover.to) took over from \(old) at \(from ?? "?"): what \(old) wrote after that may be lost, "
                + "\(range)\(size) and whatever it had not published yet; it is known exactly once \(old) is back"
        case .lost:
            let count = commits.map { "\($0) transactions" } ?? "transactions that could not be counted"
            return "\(old) had \(count) that \(failover.to) did not receive: \(range)\(size) is lost"
        }
    }
}
