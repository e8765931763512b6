/// A leader without a running primary: since when, and what has become of it.
public struct PrimaryOutage: Codable, Hashable, Sendable {
    /// When this agent, holding the lock, first saw no primary.
    public var since: BootInstant
    /// It ended without being shut down.
    public var isCrash: Bool
    /// How often the server has been started since, and ended before it let anybody in.
    public var failedStarts: Int
    /// Somebody who could take over, measured a moment ago; nil when there is nobody, or nobody was asked.
    public var successor: String?

    public init(since: BootInstant, isCrash: Bool = false, failedStarts: Int = 0, successor: String? = nil) {
        self.since = since
        self.isCrash = isCrash
        self.failedStarts = failedStarts
        self.successor = successor
    }

    /// Why another member should lead, if one can; nil while this one still has its time (patroni.md §1.10 to §1.12).
    ///
    /// - Parameter timeout: `primary_start_timeout`. Zero: after a crash a successor takes over at once.
    public func reasonToGiveWay(at now: BootInstant, timeout: Duration) -> String? {
        if failedStarts > 0 { return "removed leader key after trying and failing to start postgres" }
        if timeout == .zero { return isCrash ? "stopped PostgreSQL to fail over after a crash" : nil }
        return now - since >= timeout ? "stopped PostgreSQL because of startup timeout" : nil
    }
}

/// The lock is held and the primary is not there: another member may do better.
func decideOnOutage(_ observation: Observation) -> Decision? {
    guard let outage = observation.outage, outage.successor != nil,
        let reason = outage.reasonToGiveWay(
            at: observation.now, timeout: observation.cluster.configuration.primaryStartTimeout)
    else { return nil }
    return Decision(.release, reason)
}

/// Who could take over from a leader whose server does not run; nil: nobody, so that it has to come up itself.
///
/// The bounds are those of an election (``judgeCandidacy(_:)``), so that the lock is not given up for a vacancy.
///
/// - Parameters:
///   - published: the last position this leader has published.
///   - record: of a synchronous mode; nil when commits wait for nobody.
public func chooseSuccessor(
    _ reports: [PositionReport], published: LSN?, recordedTimeline: Timeline?, maximumLag: ByteCount,
    record: SynchronousState?
) -> String? {
    var able = reports.filter { report in
        report.isEligible && !report.isPrimary && report.position > .invalid
            && recordedTimeline.map { report.timeline >= $0 } ?? true
    }
    if let record, record.isActive {
        able = able.filter { record.members.contains($0.name) }
        // With fewer nobody is elected.
        guard able.count > record.quorum else { return nil }
    } else if let published {
        able = able.filter { published.bytes(since: $0.position) <= maximumLag }
    }
    return able.max { ($0.timeline, $0.position, $0.priority) < ($1.timeline, $1.position, $1.priority) }?.name
}
