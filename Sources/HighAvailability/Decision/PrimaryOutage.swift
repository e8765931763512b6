public import Units

/// A leader without a running primary: since when, and what has become of it.
///
/// It is over when the server has answered as a primary for a while, not at its first answer: a member that lacks what a
/// server needs (processor time, a disk that answers) restarts it in place again and again, and would keep the lock for
/// ever without anybody being able to write.
public struct PrimaryOutage: Codable, Hashable, Sendable {
    /// When this agent, holding the lock, first saw no primary; of one that had stopped answering, its last answer.
    public var since: BootInstant
    /// It ended without being shut down.
    public var isCrash: Bool
    /// How often the server has been started or promoted since, and ended before it let anybody in as a primary.
    public var failedStarts: Int
    /// It answered nobody although it ran, or it came up and ended again at once: not what a start mends.
    public var isIll: Bool
    /// Since when its volume takes no writes: it runs, and nobody can commit; nil while it takes them.
    public var volumeStuckSince: BootInstant?
    /// Since when it has been a primary again; nil while it is none.
    public var answeringSince: BootInstant?
    /// How far the replay of an elected standby was when it was looked at last; nil before.
    public private(set) var replayed: LSN?
    /// When that was seen to have moved last; nil while it has not.
    public private(set) var replayedAt: BootInstant?
    /// Somebody who could take over, measured a moment ago; nil when there is nobody, or nobody was asked.
    public var successor: String?

    public init(
        since: BootInstant, isCrash: Bool = false, failedStarts: Int = 0, isIll: Bool = false,
        volumeStuckSince: BootInstant? = nil, answeringSince: BootInstant? = nil, successor: String? = nil
    ) {
        self.since = since
        self.isCrash = isCrash
        self.failedStarts = failedStarts
        self.isIll = isIll
        self.volumeStuckSince = volumeStuckSince
        self.answeringSince = answeringSince
        self.successor = successor
    }

    /// The server is a primary and answers.
    public mutating func noteAnswer(at now: BootInstant) {
        self = PrimaryOutage(since: since, isIll: isIll, answeringSince: answeringSince ?? now)
    }

    /// It has answered for `retryTimeout`.
    public func isOver(at now: BootInstant, _ timings: Timings) -> Bool {
        answeringSince.map { now - $0 >= timings.retryTimeout } ?? false
    }

    /// A server that ends sooner after it came up was started in vain. One that is killed every other second has served
    /// its clients in between, and is started in place again, within `primary_start_timeout` of the first time.
    static let shortestLife = Duration.milliseconds(500)

    /// The server has ended.
    public mutating func noteEnd(isClean: Bool, at now: BootInstant) {
        if !isClean {
            isCrash = true
            if let answeringSince, now - answeringSince < Self.shortestLife { isIll = true }
        }
        answeringSince = nil
    }

    /// The server was asked to promote, and has replayed so far.
    public mutating func noteReplay(_ position: LSN, at now: BootInstant) {
        if let replayed, replayed != position { replayedAt = now }
        replayed = position
    }

    /// The server comes up, or recovers from the crash of one of its own processes.
    public mutating func noteStart() { answeringSince = nil }

    /// The server runs and answers nobody.
    public mutating func noteSilence() {
        isIll = true
        answeringSince = nil
    }

    /// Whether its volume takes writes, whatever the server is. A primary that cannot write has not answered.
    public mutating func noteVolume(stuckSince since: BootInstant?) {
        volumeStuckSince = since
        if since != nil { answeringSince = nil }
    }

    /// Why another member should lead, if one can; nil while this one still has its time (patroni.md §1.10 to §1.12).
    ///
    /// Of these the limits of an ill server and of a volume that hangs are ours. They are `ttl`, as that is what a leader that
    /// is gone costs; crash recovery alone, of a server that was well, has `primary_start_timeout`. Zero: after a crash a
    /// successor takes over at once.
    public func reasonToGiveWay(at now: BootInstant, _ configuration: DynamicConfiguration) -> String? {
        if failedStarts > 0 { return "removed leader key after trying and failing to start postgres" }
        let timeout = configuration.primaryStartTimeout
        if timeout == .zero, isCrash { return "stopped PostgreSQL to fail over after a crash" }
        // Counted from its own beginning: what was wrong before, a crash for example, has no part in it.
        if let volumeStuckSince, now - volumeStuckSince >= configuration.timings.ttl {
            return "stopped PostgreSQL because its volume takes no writes"
        }
        if isIll, now - since >= configuration.timings.ttl {
            return "stopped PostgreSQL because restarting it in place does not help"
        }
        return timeout > .zero && now - since >= timeout ? "stopped PostgreSQL because of startup timeout" : nil
    }

    /// Why another member should lead, if one can, when this one was elected and its promotion has not ended; nil while it has
    /// its time.
    ///
    /// That is `primary_start_timeout` without any replay: with it, this member gets on, and another one would have the same to
    /// replay. Zero says that a crash is not waited for; a promotion then has what is the default.
    public func reasonToEndPromotion(at now: BootInstant, _ configuration: DynamicConfiguration) -> String? {
        if failedStarts > 0 { return reasonToGiveWay(at: now, configuration) }
        let timeout =
            configuration.primaryStartTimeout > .zero
            ? configuration.primaryStartTimeout : DynamicConfiguration().primaryStartTimeout
        return now - max(since, replayedAt ?? since) >= timeout
            ? "stopped PostgreSQL because its promotion does not end" : nil
    }

    /// When ``reasonToGiveWay(at:_:)`` and ``isOver(at:_:)`` may say something else.
    func turningPoints(_ configuration: DynamicConfiguration) -> [BootInstant] {
        [
            since + configuration.primaryStartTimeout, isIll ? since + configuration.timings.ttl : nil,
            volumeStuckSince.map { $0 + configuration.timings.ttl },
            answeringSince.map { $0 + configuration.timings.retryTimeout },
        ].compactMap(\.self)
    }
}

/// The lock is held and the primary is not there: another member may do better.
func decideOnOutage(_ observation: Observation) -> Decision? {
    guard let outage = observation.outage, outage.successor != nil,
        let reason = outage.reasonToGiveWay(at: observation.now, observation.cluster.configuration)
    else { return nil }
    return Decision(.release, reason)
}

/// The lock is held by a standby that was asked to promote: another member may be able to end its recovery.
func decideOnPromotion(_ observation: Observation) -> Decision? {
    guard let outage = observation.outage, outage.successor != nil,
        let reason = outage.reasonToEndPromotion(at: observation.now, observation.cluster.configuration)
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
    // As an election orders them.
    func rank(_ report: PositionReport) -> (Timeline, LSN, Int, Int) {
        (report.timeline, report.position, report.backlog <= Backlog.large ? 1 : 0, report.priority)
    }
    return able.max { rank($0) < rank($1) }?.name
}
