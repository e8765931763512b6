import Units

/// What an election has to respect while commits wait for standbys.
public struct SynchronousElection: Hashable, Sendable {
    public var mode: SynchronousMode
    /// Active, and read live before anybody was asked. Whoever wins takes over exactly this version.
    public var record: SynchronousState
    /// The epoch to be led: only members that have promised it, or a later one, have a vote.
    public var epoch: Int64

    public init(mode: SynchronousMode, record: SynchronousState, epoch: Int64) {
        self.mode = mode
        self.record = record
        self.epoch = epoch
    }

    /// nil when nothing but the position decides: nobody has led in a synchronous mode, or a leader has taken the record off.
    ///
    /// An active record counts whatever mode the policy shows. The policy comes from a watch that may be behind, or is the
    /// default of an agent that could not read it yet; the record is what commits were acknowledged by. Turning the mode off
    /// loosens elections when a leader has seen that and cleared the record, not before. Until then the stricter mode counts.
    public init?(_ policy: SynchronousPolicy, record: SynchronousState?, lock: LockRecord?) {
        guard let record, record.isActive else { return nil }
        self.init(mode: policy.mode == .off ? .on : policy.mode, record: record, epoch: Seal(for: lock).epoch)
    }

    /// A candidate that is no recorded leader has to ask for seals; a single member of a record without quorum has not.
    public func needsSeals(_ name: String) -> Bool {
        record.leader != name && !(record.quorum == 0 && record.members.contains(name))
    }

    /// Recorded members that have nothing the candidate lacks, itself included if it is one: with their seals, its votes.
    func voters(for candidate: PositionReport, among reports: [PositionReport]) -> [PositionReport] {
        reports.filter {
            record.members.contains($0.name) && $0.position > .invalid && !$0.isAhead(of: candidate)
        }
    }
}

/// Why this member must not be promoted: an acknowledged commit could be missing here. nil when none can.
///
/// Every acknowledged commit is
///  - on the recorded leader, which wrote it;
///  - with a quorum of 0: on each recorded member, for as long as the record names it; taking over this very version of the
///    record is what keeps the old leader from acknowledging without it;
///  - otherwise on one of any `quorum + 1` recorded members. Those who promised the epoch (``Seal``) receive nothing more
///    from the old leader, so what they report is all they will ever have confirmed to it; and if `quorum + 1` of them are
///    not ahead of this member, this member has it all. The others are too few to let the old leader acknowledge any more,
///    also if it never stopped.
func synchronousObjection(_ election: SynchronousElection, me: PositionReport, others: [PositionReport]) -> String? {
    let record = election.record
    if record.leader == me.name { return nil }
    let isMember = record.members.contains(me.name)
    if election.mode == .on, !isMember {
        return "I am not a synchronous standby: \(record.members.sorted().joined(separator: ", ")) may be promoted"
    }
    if record.quorum == 0, isMember { return nil }
    let votes = election.voters(for: me, among: others + [me]).filter {
        ($0.sealedEpoch ?? .min) >= election.epoch
    }
    guard votes.count <= record.quorum else { return nil }
    return
        "\(votes.count) of \(record.members.count) synchronous standbys have sealed for epoch \(election.epoch) and are "
        + "not ahead of me, \(record.quorum + 1) are needed"
}
