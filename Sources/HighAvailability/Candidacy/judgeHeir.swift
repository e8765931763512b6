public import Units

/// What a leader that is to stop, for good or for a switchover, does about its heir.
public enum HeirStep: Hashable, Sendable {
    /// Stop: this member is there to receive the shutdown checkpoint.
    case handOver(to: String)
    /// These may be that member in a moment.
    case wait(for: [String])
    /// There is none, and nobody to wait for.
    case none(HandOverRefusal)
}

/// Decides, by positions measured now, whether a leader may stop its server and who is its heir.
///
/// A server that is down ships nothing: who receives nothing when it goes down never gets what was committed since it last
/// did. And a leader that has just started, or was just promoted, has standbys that are about to connect. So it goes on
/// serving until one that may lead has received something it wrote after it was asked to stop.
///
/// Who receives gets everything before it leads; among them the one that has the least left to replay is the first to take
/// writes. One that has much left is waited for while this leader still serves, and not once it has stopped.
///
/// - Parameters:
///   - wanted: the candidate somebody asked for; nil takes the best.
///   - reports: of everybody who answered; who did not is not waited for.
///   - goal: a position of the leader behind something it wrote after it was asked to stop.
///   - synchronous: those the choice is limited to; nil when there is no record.
///   - largestBacklog: see ``Backlog/large``; nil: what is left to replay does not matter, as nobody is promoted, or the
///     candidate is to lead whatever it costs.
///   - mayWait: there is time left.
///   - isLeaving: it stops in any case: when the time is over, one that may yet receive, or replays for long, is better than
///     none.
public func judgeHeir(
    wanted: String? = nil, leader: PositionReport, reports: [PositionReport], past goal: LSN, maximumLag: ByteCount,
    synchronous: Set<String>? = nil, largestBacklog: ByteCount? = Backlog.large, mayWait: Bool, isLeaving: Bool
) -> HeirStep {
    let choice = { (reports: [PositionReport]) in
        chooseHeir(
            wanted: wanted, leader: leader, reports: reports, maximumLag: maximumLag, synchronous: synchronous)
    }
    let receiving = reports.filter { $0.position >= goal }
    let ready = receiving.filter { report in largestBacklog.map { report.backlog <= $0 } ?? true }
    if case .success(let heir) = choice(ready) { return .handOver(to: heir) }
    // Who is on an earlier timeline is about to follow this leader.
    let awaited = reports.filter {
        $0.isEligible && !$0.isPrimary && $0.timeline <= leader.timeline
            && wanted ?? $0.name == $0.name && synchronous?.contains($0.name) ?? true
    }
    if mayWait, !awaited.isEmpty { return .wait(for: awaited.map(\.name)) }
    // All of these are sent everything, so that the least to replay counts first.
    let late = receiving.filter { if case .success = choice([$0]) { true } else { false } }
        .min { ($0.backlog, $0.name) < ($1.backlog, $1.name) }
    if let late {
        if isLeaving { return .handOver(to: late.name) }
        return .none(
            HandOverRefusal(
                "\(late.name) still has \(late.backlog.rawValue) bytes of WAL to replay, more than "
                    + "\(largestBacklog.map(\.description) ?? "none")"))
    }
    switch choice(reports) {
    case .success(let heir) where isLeaving: return .handOver(to: heir)
    case .success(let heir): return .none(HandOverRefusal("\(heir) does not receive from this leader"))
    case .failure(let refusal): return .none(refusal)
    }
}
