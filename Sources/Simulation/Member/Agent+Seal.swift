import HighAvailability
import Units

/// Seal before vote; mirrors the product's shell around ``judgeSeal(_:standing:lock:isPrimary:activity:)``.
extension Agent {
    /// What a synchronous mode asks of this election, from a live read.
    func readElection(
        over lock: LockRecord?, _ done: @escaping (Bool) -> Void, _ then: @escaping (SynchronousElection?) -> Void
    ) {
        electedOver = nil
        let policy = view.configuration.synchronous
        // Where the mode was never on there is no record to be read, and the seed stays what it was.
        guard world.plan.synchronous.mode != .off else { return then(nil) }
        readSynchronous { outcome in
            guard case .answered(let record) = outcome else { return done(false) }
            then(SynchronousElection(policy, record: record, lock: lock))
        }
    }

    /// Everybody's position, sealed where commits waited for standbys; this member's own receiving ends first.
    func askForVotes(
        over record: LockRecord?, _ view: ClusterView, _ done: @escaping (Bool) -> Void,
        _ then: @escaping (PositionReport, [String], [PositionReport], SynchronousElection?) -> Void
    ) {
        let others = view.members.keys.sorted().filter { $0 != me }
        readElection(over: record, done) { [self] election in
            guard let mine = reportPosition() else { return standBack(done) }
            guard let election, election.needsSeals(me) else {
                return askPositions(others, of: view) { then(mine, others, $0, election) }
            }
            let wanted = Seal(for: record)
            seal(wanted, orElse: { done(false) }) { [self] in
                askPositions(others.filter { election.asksForSeal($0) }, of: view, sealing: wanted) { [self] reports in
                    guard var mine = reportPosition() else { return standBack(done) }
                    if postgres.promise == wanted, knowsItsEnd { mine.sealedEpoch = wanted.epoch }
                    then(mine, others, reports, election)
                }
            }
        }
    }

    /// Answers a candidate; a refusal comes with the position all the same.
    func answer(sealing wanted: Seal?, until deadline: BootInstant? = nil, _ then: @escaping (PositionReport?) -> Void)
    {
        guard let wanted else { return then(reportPosition()) }
        let deadline = deadline ?? now + .milliseconds(700)
        guard case .seal = judge(wanted) else {
            // The candidate's watch may be a moment ahead of ours.
            guard now < deadline else { return then(reportPosition()) }
            return after(20_000) { [self] in answer(sealing: wanted, until: deadline, then) }
        }
        seal(wanted, orElse: { [self] in then(reportPosition()) }) { [self] in
            var report = reportPosition()
            // What holds now counts, not what was promised a moment ago.
            if postgres.promise == wanted, report?.isPrimary == false, knowsItsEnd {
                report?.sealedEpoch = wanted.epoch
            }
            then(report)
        }
    }

    /// Only a standby that runs finds the end of its WAL; that of a primary which was stopped in order is its checkpoint.
    var knowsItsEnd: Bool {
        if postgres.process == .standby { return true }
        guard case .none = postgres.process, case .stopped(let stopped) = filesState() else { return false }
        return stopped.knowsItsEnd
    }

    private func judge(_ wanted: Seal) -> SealVerdict {
        judgeSeal(
            wanted, standing: standing(), lock: station.record, isPrimary: postgres.process == .primary,
            activity: activity)
    }

    /// Promises first, then stops receiving WAL.
    private func seal(_ wanted: Seal, orElse refused: () -> Void, _ then: @escaping () -> Void) {
        if postgres.promise != wanted {
            guard
                case .seal = station.beginSeal(
                    wanted, isPrimary: postgres.process == .primary, ttl: timings.ttl, at: now)
            else { return refused() }
            postgres.promise = wanted
            followed = nil
        }
        let number = activityNumber
        after(world.random.next(in: 1_000...40_000)) { [self] in
            if postgres.process == .standby, postgres.promise == wanted { postgres.follow(nil) }
            // The walreceiver flushes what it has before it ends.
            postgres.flushReceived()
            if number == activityNumber || activity == nil || activity == .racing { then() }
        }
    }

    /// Whether this member may follow `leader` again; a promise that is kept, or void, is forgotten.
    func requireNoSeal(against leader: String, _ done: @escaping (Bool) -> Void, _ then: @escaping () -> Void) {
        guard let promised = postgres.promise else { return then() }
        let number = activityNumber
        read(after: .zero, deadline: now + timings.retryTimeout) { [self] outcome in
            guard activityNumber == number else { return }
            guard case .answered(let lock?) = outcome, lock.leader == leader, promised.permitsFollowing(lock) else {
                return done(false)
            }
            guard postgres.promise == promised else { return requireNoSeal(against: leader, done, then) }
            postgres.promise = nil
            station.note(nil)
            then()
        }
    }
}

extension PostgresServer {
    func flushReceived() {
        if process == .standby { flushed = received }
    }
}
