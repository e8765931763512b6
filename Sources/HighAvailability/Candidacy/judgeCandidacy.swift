public import Units

/// What a member answered when it was asked for its position, at that moment.
public struct PositionReport: Hashable, Sendable {
    public var name: String
    /// It runs as a primary.
    public var isPrimary: Bool
    public var timeline: Timeline
    /// The larger of received and replayed; a stopped clean primary's last checkpoint.
    public var position: LSN
    /// How far it has replayed; where nothing is left to replay, ``position``. nil when it does not say, as agents of former
    /// versions: then it counts as replayed.
    public var replayed: LSN?
    /// It may be promoted: tags allow it and nothing stops its replay for good.
    public var isEligible: Bool
    public var priority: Int
    /// Epoch the member has promised: it receives nothing from a leader of an earlier one, so its position is final. nil
    /// when it has promised none, or another version of the lock than the candidate asked for.
    public var sealedEpoch: Int64?

    public init(
        name: String, isPrimary: Bool, timeline: Timeline, position: LSN, replayed: LSN? = nil,
        isEligible: Bool = true, priority: Int = 1, sealedEpoch: Int64? = nil
    ) {
        self.name = name
        self.isPrimary = isPrimary
        self.timeline = timeline
        self.position = position
        self.replayed = replayed
        self.isEligible = isEligible
        self.priority = priority
        self.sealedEpoch = sealedEpoch
    }

    /// It may have WAL that the other one lacks.
    func isAhead(of other: PositionReport) -> Bool {
        timeline != other.timeline ? timeline > other.timeline : position > other.position
    }
}

/// A member's wish to lead, with what everyone who could be reached answered.
public struct Candidacy: Hashable, Sendable {
    public var me: PositionReport
    /// Answers of the others; who did not answer is not in it.
    public var others: [PositionReport]
    /// Position the last leader published; nil when it never did, and where lag costs nothing.
    public var lastKnownPosition: LSN?
    public var recordedTimeline: Timeline?
    public var maximumLag: ByteCount
    /// What commits that waited for standbys ask of the election; nil when none did.
    public var synchronous: SynchronousElection?
    /// The switchover or failover somebody asked for and nobody has carried out.
    public var request: FailoverRequest?
    /// Who has more than this left to replay leaves the lock to an equal who has not; nil where nobody is promoted.
    public var largestBacklog: ByteCount?

    /// - Parameters:
    ///   - largestBacklog: see ``Backlog/large``.
    ///   - isStandbyCluster: what a member lacks it gets from the remote server: the most advanced one leads, however
    ///     far behind.
    public init(
        me: PositionReport, others: [PositionReport], lastKnownPosition: LSN?, recordedTimeline: Timeline?,
        maximumLag: ByteCount, synchronous: SynchronousElection? = nil, request: FailoverRequest? = nil,
        largestBacklog: ByteCount = Backlog.large, isStandbyCluster: Bool = false
    ) {
        self.largestBacklog = isStandbyCluster ? nil : largestBacklog
        self.me = me
        self.others = others
        self.lastKnownPosition = isStandbyCluster ? nil : lastKnownPosition
        self.recordedTimeline = recordedTimeline
        self.maximumLag = maximumLag
        self.synchronous = synchronous
        self.request = request?.due
    }

    /// Those who might take the lock instead. Where seals are asked for, who gave none does not race now. Who needs none has
    /// every acknowledged commit, and leaves the lock to nobody who might not get those he needs.
    fileprivate var rivals: [PositionReport] {
        let eligible = peers.filter(\.isEligible)
        guard let election = synchronous else { return eligible }
        guard election.needsSeals(me.name) else {
            return eligible.filter { !election.needsSeals($0.name) || mayOutrun($0, in: election) }
        }
        return eligible.filter { ($0.sealedEpoch ?? .min) >= election.epoch }
    }

    /// Whether the recorded leader leaves the lock to one that has to be voted for: it is ahead, and enough have answered that
    /// could vote for it.
    ///
    /// It may be ahead by commits, where the leader was elected at their price, or by nothing but the shutdown checkpoint:
    /// the position of a leader that was stopped in order is where that begins. To wait for one that cannot be elected would
    /// leave the cluster without any leader, although the recorded one may lead with nobody's vote.
    private func mayOutrun(_ rival: PositionReport, in election: SynchronousElection) -> Bool {
        rival.isAhead(of: me)
            && election.voters(for: rival, among: others + [me]).count > election.record.quorum
    }

    /// Those whose position counts. In a synchronous mode that is the recorded members: what anybody else has and they
    /// have not was never acknowledged; the former leader of a lock that is over included, alive or not.
    fileprivate var peers: [PositionReport] {
        guard let record = synchronous?.record else { return others }
        return others.filter { $0.name != record.leader && (record.members.contains($0.name) || $0.isPrimary) }
    }
}

public enum CandidacyVerdict: Hashable, Sendable {
    /// Nobody who answered is a better choice: take the lock.
    case run(String)
    /// The same at the price of commits, because somebody asked for exactly this; the sentence says what is known of it.
    case runAtLoss(String)
    /// Somebody else should lead, or nobody can tell yet.
    case yield(String)
}

/// Judges whether this member is the one to take the lock.
///
/// Several members may come to "run" when they cannot see each other; the compare-and-swap on the lock lets one of them win.
/// Order among those who see each other: timeline, position, little or much to replay, priority, name; so exactly one of
/// them runs.
/// In a synchronous mode ``SynchronousElection`` takes the place of the bound on lag: it bounds the loss to nothing.
/// A forced failover sets both aside for the member it names, and for no other; see ``judgeForced(_:)``.
public func judgeCandidacy(_ candidacy: Candidacy) -> CandidacyVerdict {
    let me = candidacy.me
    guard me.isEligible else { return .yield("I am not allowed to promote") }
    if let primary = candidacy.peers.first(where: \.isPrimary), !me.isPrimary {
        return .yield("Primary (\(primary.name)) is still alive")
    }
    if let recorded = candidacy.recordedTimeline, me.timeline < recorded {
        return .yield("My timeline \(me.timeline) is behind last known cluster timeline \(recorded)")
    }
    return judgeForced(candidacy) ?? judgePosition(candidacy)
}

/// Whether nothing acknowledged, or no more than the bound on lag allows, is missing here.
func judgePosition(_ candidacy: Candidacy) -> CandidacyVerdict {
    let me = candidacy.me
    if let election = candidacy.synchronous {
        if let objection = synchronousObjection(election, me: me, others: candidacy.others) { return .yield(objection) }
    } else if let published = candidacy.lastKnownPosition {
        let lag = published.bytes(since: me.position)
        if lag > candidacy.maximumLag {
            return .yield("My wal position exceeds maximum replication lag: \(lag) > \(candidacy.maximumLag)")
        }
    }
    let rivals = candidacy.rivals
    // One of a former version orders without it: with two orders everybody could leave the lock to somebody else.
    let largestBacklog = (rivals + [me]).allSatisfy { $0.replayed != nil } ? candidacy.largestBacklog : nil
    let order = { isBetter($0, than: $1, largestBacklog: largestBacklog, request: candidacy.request) }
    if let better = rivals.first(where: { order($0, me) }) {
        return .yield(
            "\(better.name) is a better candidate: timeline \(better.timeline), position \(better.position)"
                + ", \(better.backlog.rawValue) bytes of it to replay")
    }
    return .run(
        "nobody of \(candidacy.others.count) who answered is ahead of \(me.position) on timeline \(me.timeline)")
}

private func isBetter(
    _ left: PositionReport, than right: PositionReport, largestBacklog: ByteCount? = nil,
    request: FailoverRequest? = nil
) -> Bool {
    if left.timeline != right.timeline { return left.timeline > right.timeline }
    // No commit is given up for speed: only among those who have the same does it count who has replayed it.
    if left.position != right.position { return left.position > right.position }
    // Two classes, not the bytes: those shrink while members ask each other, and each would find the other one to be ahead.
    if let largestBacklog, (left.backlog > largestBacklog) != (right.backlog > largestBacklog) {
        return left.backlog <= largestBacklog
    }
    // A switchover whose leader has gone decides among equals: it costs nothing then.
    let (wish, other) = (request?.preference(for: left.name) ?? 0, request?.preference(for: right.name) ?? 0)
    if wish != other { return wish > other }
    if left.priority != right.priority { return left.priority > right.priority }
    return left.name < right.name
}

/// Chooses whom a leader hands over to: the most advanced of those that may lead, highest priority, first name.
///
/// - Parameters:
///   - wanted: the candidate somebody asked for; nil takes the best.
///   - synchronous: the recorded synchronous standbys, to which the choice is limited; nil when there is no record.
/// - Returns: the name, or why there is none.
public func chooseHeir(
    wanted: String?, leader: PositionReport, reports: [PositionReport], maximumLag: ByteCount,
    synchronous: Set<String>? = nil
) -> Result<String, HandOverRefusal> {
    if let synchronous, synchronous.isEmpty { return .failure(HandOverRefusal("can not find sync_standby")) }
    if let synchronous, let wanted, !synchronous.contains(wanted) {
        return .failure(HandOverRefusal("candidate name \(wanted) does not match with sync_standby"))
    }
    let reports = reports.filter { synchronous?.contains($0.name) ?? true }
    let eligible = reports.filter { $0.isEligible && !$0.isPrimary && $0.timeline == leader.timeline }
    let close = eligible.filter { leader.position.bytes(since: $0.position) <= maximumLag }
    if let wanted {
        if close.contains(where: { $0.name == wanted }) { return .success(wanted) }
        if let member = eligible.first(where: { $0.name == wanted }) {
            let lag = leader.position.bytes(since: member.position)
            return .failure(HandOverRefusal("candidate \(wanted) lags by \(lag), more than \(maximumLag)"))
        }
        guard let member = reports.first(where: { $0.name == wanted }) else {
            return .failure(HandOverRefusal("candidate \(wanted) cannot be reached"))
        }
        if member.timeline != leader.timeline {
            return .failure(
                HandOverRefusal("candidate \(wanted) is on timeline \(member.timeline), not \(leader.timeline)"))
        }
        return .failure(HandOverRefusal("candidate \(wanted) is not allowed to promote"))
    }
    guard let best = close.min(by: { isBetter($0, than: $1) }) else {
        return .failure(HandOverRefusal("no good candidates have been found"))
    }
    return .success(best.name)
}

/// Why a switchover was not carried out, for the person who asked for it.
public struct HandOverRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    public var reason: String

    public init(_ reason: String) {
        self.reason = reason
    }

    public var description: String { reason }
}
