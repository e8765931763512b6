import Units

/// What a forced failover asks of an election (Patroni §1.6, the manual logic without a leader); nil when nobody asked for one.
///
/// The member it names runs whatever it lacks; the others wait for it as long as it answers and may lead. When it does not,
/// the election is as any other. Of what is asked of everybody, that no primary is alive and that the timeline is the
/// cluster's, nothing is set aside.
func judgeForced(_ candidacy: Candidacy) -> CandidacyVerdict? {
    guard let request = candidacy.request, request.isForced, let candidate = request.candidate else { return nil }
    guard candidate == candidacy.me.name else {
        guard let report = candidacy.others.first(where: { $0.name == candidate }), report.isEligible,
            candidacy.recordedTimeline.map({ report.timeline >= $0 }) ?? true
        else { return nil }
        return .yield("manual failover: waiting for \(candidate) to take the lock")
    }
    switch judgePosition(candidacy) {
    case .run(let reason), .runAtLoss(let reason):
        return .run("manual failover: I am the candidate, and \(reason)")
    case .yield(let objection):
        return .runAtLoss("forced although \(objection). \(candidacy.knownLoss)")
    }
}

extension Candidacy {
    /// What is known to exist and is not here, as a range of WAL.
    fileprivate var knownLoss: String {
        let ends = others.filter { $0.timeline == me.timeline }.map(\.position) + [lastKnownPosition].compactMap(\.self)
        let end = ends.max() ?? .invalid
        guard end > me.position else {
            return "No WAL is known that \(me.name) lacks at \(me.position); commits after it may be lost"
        }
        return "WAL from \(me.position) to \(end), and what was written after it, is not on \(me.name) and is lost"
    }
}

extension FailoverRequest {
    /// Nobody is asked to step down, so it holds also when nobody leads, and at the price of commits the candidate lacks.
    public var isForced: Bool { leader == nil }

    /// Who is named to lead goes before the others, who is to step down behind them.
    func preference(for name: String) -> Int { name == candidate ? 1 : name == leader ? -1 : 0 }
}
