import HighAvailability
import Units

/// A leader that cannot renew its lock asks the members; mirrors the product's shell around ``LockStation``,
/// ``judgeFailsafe(_:me:agreed:rule:)`` and ``FailsafePledge``.
extension Agent {
    /// Whom this member records beside the lock while it leads: every member that can be asked, itself always.
    func refreshFailsafeList() {
        let entry = FailsafeList.Entry(name: me, apiURL: pod.address, podUID: pod.uid)
        let list = FailsafeList.recorded(by: entry, in: view)
        guard list != failsafe else { return }
        failsafe = list
        if list != nil, !isKeeperBusy { planBeat() }
    }

    // MARK: The leader

    /// One look when a round may be due; the product looks ten times a second.
    func planRound() {
        guard !isAsking, let due = station.held?.nextRound else { return }
        roundNumber += 1
        let number = roundNumber
        after(max((due - now).microseconds, 0) + world.random.next(in: 1_000...100_000)) { [self] in
            if number == roundNumber { ask() }
        }
    }

    private func ask() {
        guard failsafe != nil, !isAsking else { return }
        guard let round = station.beginRound(at: now, mayRenew: now < healthyUntil, timings) else { return planRound() }
        isAsking = true
        var agreed: Set<FailsafeList.Entry> = []
        let others = round.list.others(than: identity)
        var isOver = false
        let finish = { [self] in
            guard !isOver else { return }
            isOver = true
            isAsking = false
            let verdict = judgeFailsafe(round.list, me: identity, agreed: agreed, rule: .everyMember)
            world.note("\(me): failsafe: \(verdict)")
            if verdict == .stay { world.checker.consents += 1 }
            step { $0.ended(round, verdict, at: $1) }
            wake()
            planRound()
        }
        guard !others.isEmpty else { return finish() }
        for entry in others.sorted(by: { ($0.name, $0.apiURL) < ($1.name, $1.apiURL) }) {
            ask(entry, round) { [self] laterReign in
                guard !isOver else { return }
                if let laterReign {
                    end(bySightOf: laterReign, of: entry.name)
                    return finish()
                }
                agreed.insert(entry)
                if agreed.count == others.count { finish() }
            }
        }
        after(max((round.deadline - now).microseconds, 0)) { finish() }
    }

    private func end(bySightOf reign: Reign, of witness: String) {
        guard !step({ station, _ in station.hasEnded(bySightOf: reign) }).isEmpty else { return }
        world.note("\(me): \(witness) has seen a later holder of the lock: it is lost")
    }

    /// Asks one member again and again until it agrees or the round's time is over.
    ///
    /// - Parameter replied: is told nil when it agreed, else a reign after the asker's that it has seen.
    private func ask(_ entry: FailsafeList.Entry, _ round: FailsafeRound, _ replied: @escaping (Reign?) -> Void) {
        let again = { [self] in
            after(world.random.next(in: 250_000...300_000)) { [self] in
                if now < round.deadline, isAsking { ask(entry, round, replied) }
            }
        }
        guard let uid = entry.podUID, let index = Int(entry.apiURL.dropFirst()) else { return }
        let target = world.pods[index]
        guard target.agent != nil, world.network.passes(pod.node, target.node) else { return again() }
        let request = FailsafeRequest(
            leader: me,
            claim: FailsafeRequest.Claim(
                identity: identity, epoch: round.epoch, ttl: round.ttl, member: entry.name, podUID: uid))
        world.schedule(after: world.hop(), target.agentOwner) { [self] in
            guard let agent = target.agent, world.network.passes(pod.node, target.node) else { return }
            let answer = agent.answer(request)
            let seen = agent.station.reign
            if answer != .accepted { world.note("\(agent.me): failsafe for \(me): \(answer)") }
            world.schedule(after: world.hop(), owner) { [self] in
                guard world.network.passes(target.node, pod.node), now < round.deadline else { return }
                if answer == .accepted { return replied(nil) }
                if let seen, round.reign?.isOver(bySightOf: seen) == true { return replied(seen) }
                again()
            }
        }
    }

    // MARK: The members

    private func answer(_ request: FailsafeRequest) -> FailsafeAnswer {
        // A member that has not read the store yet cannot know the mode. A promise binds only itself.
        if hasObjects, hasPods, !view.configuration.usesFailsafe { return .refused("the mode is off") }
        return station.answer(request, isPrimary: isKnownPrimary, ttl: timings.ttl, at: now)
    }

    // MARK: The election

    /// The last leader's list keeps this member from taking the lock; the others do not wait for it then.
    var isBarred: Bool {
        station.isBarred(at: now, ttl: timings.ttl)
    }

    /// Whether nobody the last leader listed exists any more, by a live look made after the record was read.
    func lookWhetherListIsGone(
        _ record: LockRecord?, _ done: @escaping (Bool) -> Void, _ then: @escaping (Bool) -> Void
    ) {
        guard let list = record?.failsafe, list.isSucceeded(by: identity) else { return then(false) }
        let number = activityNumber
        world.request(pod, timeout: 2_500_000) { world -> APIOutcome<Set<String>> in
            .answered(Set(world.api.pods.compactMap { $0?.podUID }))
        } _: { [self] outcome in
            guard activityNumber == number else { return }
            guard case .answered(let existing) = outcome else { return done(false) }
            then(list.isGone(existing: existing, holder: record?.identity))
        }
    }
}
