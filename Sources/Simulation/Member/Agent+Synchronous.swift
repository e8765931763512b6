import HighAvailability
import Units

/// Who acknowledges and who may be elected, kept in step; mirrors the product's shell around ``resolveSynchronous(_:)``.
extension Agent {
    private var policy: SynchronousPolicy { view.configuration.synchronous }

    /// The loop waits for these writes; the next look tries again.
    private var storeBudget: Duration { min(timings.retryTimeout, .seconds(1)) }

    // MARK: While it leads

    func keepSynchronous(_ observation: Observation) {
        isSynchronousUnsettled = false
        guard activity == nil, postgres.process == .primary, observation.lock.isMine, !isKeepingSynchronous,
            world.plan.synchronous.mode != .off
        else { return }
        noteNames()
        let situation = situation(record: view.synchronous)
        let isAwaiting = situation.awaitsStandbys(
            until: &standbysAreAwaitedUntil, former: formerLeader, in: view, at: now)
        guard !isAwaiting else {
            isSynchronousUnsettled = true
            return
        }
        guard resolveSynchronous(situation) != nil else { return settle(situation) }
        isSynchronousUnsettled = true
        isKeepingSynchronous = true
        // Neither place is written on what a watch shows.
        readSynchronous { [self] outcome in
            guard case .answered(let record) = outcome else { return isKeepingSynchronous = false }
            guard mayRecordStillLand, let record else { return takeSteps(self.situation(record: record), left: 3) }
            // Names decided now would be decided on what that write may change yet; after this one it cannot land.
            writeRecord(record, over: record, within: storeBudget) { [self] outcome in
                guard case .answered(let written) = outcome else { return isKeepingSynchronous = false }
                takeSteps(self.situation(record: written), left: 3)
            }
        }
    }

    private func takeSteps(_ situation: SynchronousSituation, left: Int) {
        guard left > 0, activity == nil, standing().isMine, postgres.process == .primary,
            let step = resolveSynchronous(situation)
        else { return isKeepingSynchronous = false }
        let next: SynchronousState
        switch step {
        case .names(let names):
            isKeepingSynchronous = false
            return change(names)
        case .record(let members, let quorum): next = SynchronousState(leader: me, members: members, quorum: quorum)
        case .clearRecord: return clearRecord(situation)
        }
        writeRecord(next, over: situation.record, within: storeBudget) { [self] outcome in
            guard case .answered(let written) = outcome else { return isKeepingSynchronous = false }
            var situation = situation
            situation.record = written
            takeSteps(situation, left: left - 1)
        }
    }

    /// By a live read of the settings: the mode this agent goes by may be a default.
    private func clearRecord(_ situation: SynchronousSituation) {
        world.request(pod, timeout: 1_000_000) { world -> APIOutcome<SynchronousMode?> in
            .answered(world.areSettingsUnreadable ? nil : world.api.settings.configuration.synchronous.mode)
        } _: { [self] outcome in
            guard case .answered(.off?) = outcome, standing().isMine else { return isKeepingSynchronous = false }
            writeRecord(SynchronousState(leader: nil), over: situation.record, within: storeBudget) { [self] _ in
                isKeepingSynchronous = false
            }
        }
    }

    private func writeRecord(
        _ next: SynchronousState, over former: SynchronousState?, within limit: Duration,
        _ then: @escaping (APIOutcome<SynchronousState>) -> Void
    ) {
        mayRecordStillLand = true
        writeSynchronous(next, over: former, until: now + limit) { [self] outcome in
            switch outcome {
            // Over the version that is there now nothing is under way.
            case .answered, .conflict: mayRecordStillLand = false
            case .refused, .silent: break
            }
            then(outcome)
        }
    }

    private func change(_ names: SynchronousStandbyNames) {
        world.note("\(me): commits wait for \(names)")
        postgres.apply(names)
    }

    /// What the server shows, and whether its checkpointer knows it.
    private func noteNames() {
        let server = String(postgres.life)
        guard namesInForce != nil else {
            namesInForce = NamesInForce(server: server, text: postgres.names.description, at: now)
            return
        }
        let flushed = postgres.process == .primary ? LSN(rawValue: postgres.flushed) : nil
        guard
            let question = namesInForce?.look(
                server: server, text: postgres.names.description, flushed: flushed, at: now)
        else { return }
        postgres.passCheckpointer { [weak self] in
            // An agent that has ended asks no more.
            guard let self, pod.agent === self else { return }
            namesInForce?.proven(question)
            wake()
        }
    }

    /// Has the checkpointer of a standby know that commits will wait, long before they do.
    func prepareToTakeOver(_ observation: Observation) {
        guard world.plan.synchronous.mode != .off, activity == nil, postgres.process == .standby,
            !observation.lock.isMine
        else { return }
        let wanted = preparedStandbyNames(for: me, record: view.synchronous, policy: policy)
        if postgres.names != wanted { postgres.apply(wanted) }
        noteNames()
    }

    /// The takeover as it may be begun on this standby: with names only if its checkpointer knows that commits wait.
    private func begun(
        _ takeover: SynchronousTakeover, isRestart: Bool, _ done: @escaping (Bool) -> Void,
        _ then: @escaping (SynchronousTakeover) -> Void
    ) {
        guard !isRestart, takeover.names.count > 0, namesInForce?.areWaitedFor(on: String(postgres.life)) != true
        else { return then(takeover) }
        postgres.apply(.blocking)
        var isOver = false
        let server = String(postgres.life)
        after(
            100_000,
            guarded { [self] in
                postgres.passCheckpointer { [weak self] in
                    guard let self, pod.agent === self, !isOver else { return }
                    isOver = true
                    var names = NamesInForce(server: server, text: "", at: now)
                    names.provenNow(text: SynchronousStandbyNames.blocking.description, at: now)
                    namesInForce = names
                    then(takeover)
                }
            })
        after(
            policy.isStrict ? 60_000_000 : 1_100_000,
            guarded { [self] in
                guard !isOver else { return }
                isOver = true
                if let weaker = takeover.withoutWaiting(policy) { then(weaker) } else { done(false) }
            })
    }

    private func situation(record: SynchronousState?) -> SynchronousSituation {
        let connected = postgres.senders.map { sender in
            ConnectedStandby(
                name: world.name(world.pods[sender.pod].member), isStreaming: true,
                flushed: LSN(rawValue: sender.acknowledged))
        }
        return SynchronousSituation(
            of: me, in: view, record: record, names: postgres.names, connected: connected,
            inForceSince: namesInForce?.position)
    }

    /// Users who were held out get in once enough standbys have confirmed.
    private func settle(_ situation: SynchronousSituation) {
        guard postgres.holdsOutUsers else { return }
        guard situation.isEverythingConfirmed else {
            isSynchronousUnsettled = !situation.fit.isEmpty
            return
        }
        postgres.holdsOutUsers = false
    }

    // MARK: Taking over and leaving

    /// The record names this member over the very version it was elected on; then the server waits for the new standbys; only
    /// then it may be promoted or started.
    func takeOverSynchronous(isRestart: Bool, _ done: @escaping (Bool) -> Void, _ then: @escaping () -> Void) {
        postgres.holdsOutUsers = false
        guard world.plan.synchronous.mode != .off else {
            postgres.apply(SynchronousStandbyNames.none)
            return then()
        }
        let proceed = { [self] (former: SynchronousState?) in
            guard let takeover = HighAvailability.takeOverSynchronous(former, by: me, policy: policy) else {
                electedOver = nil
                postgres.apply(SynchronousStandbyNames.none)
                return then()
            }
            guard standing().isMine else { return done(false) }
            begun(takeover, isRestart: isRestart, done) { [self] takeover in
                guard standing().isMine else { return done(false) }
                let finish = { [self] in
                    electedOver = nil
                    formerLeader = former?.leader == me ? nil : former?.leader
                    standbysAreAwaitedUntil = now + timings.loopWait
                    if isRestart { namesInForce = nil } else { namesInForce?.forgetPosition(at: now) }
                    postgres.holdsOutUsers = takeover.holdsOutUsers(isRestart: isRestart)
                    postgres.apply(takeover.names)
                    // Read back from a running standby before it is promoted.
                    after(isRestart ? 0 : world.random.next(in: 2_000...20_000), guarded(then))
                }
                let isElected = electedOver != nil
                guard takeover.mustBeWritten(over: former, mayStillLand: mayRecordStillLand) else { return finish() }
                writeRecord(takeover.record, over: former, within: timings.retryTimeout) { [self] outcome in
                    switch outcome {
                    case .answered: finish()
                    case .conflict where isElected:
                        electedOver = nil
                        submit(.release(heir: nil, position: nil) { _ in done(false) })
                    case .conflict, .refused, .silent: done(false)
                    }
                }
            }
        }
        if let electedOver { return proceed(electedOver) }
        readSynchronous { outcome in
            guard case .answered(let record) = outcome else { return done(false) }
            proceed(record)
        }
    }

    /// A standby that is about to stop waits until no commit waits for it.
    func leaveSynchronous(until deadline: BootInstant, _ then: @escaping () -> Void) {
        guard let record = view.synchronous, record.members.contains(me),
            station.record?.leader == record.leader, now < deadline
        else { return then() }
        after(50_000, guarded { [self] in leaveSynchronous(until: deadline, then) })
    }

    // MARK: The record

    func readSynchronous(_ then: @escaping (APIOutcome<SynchronousState?>) -> Void) {
        let number = activityNumber
        world.request(pod, timeout: 2_500_000) { world -> APIOutcome<SynchronousState?> in
            .answered(world.api.synchronous)
        } _: { [self] outcome in
            if activityNumber == number { then(outcome) } else { isKeepingSynchronous = false }
        }
    }

    /// Writes, and settles by reading again what was not answered; a conflict is one only when a read has shown it.
    private func writeSynchronous(
        _ next: SynchronousState, over former: SynchronousState?, until deadline: BootInstant,
        _ then: @escaping (APIOutcome<SynchronousState>) -> Void
    ) {
        let number = activityNumber
        world.request(pod, timeout: longestRequest(deadline)) { world -> APIOutcome<SynchronousState> in
            world.writeSynchronous(next, over: former)
        } _: { [self] outcome in
            guard activityNumber == number else { return isKeepingSynchronous = false }
            if case .answered = outcome { return then(outcome) }
            settle(next, over: former, after: pause(outcome), until: deadline, then)
        }
    }

    private func settle(
        _ next: SynchronousState, over former: SynchronousState?, after delay: Duration, until deadline: BootInstant,
        _ then: @escaping (APIOutcome<SynchronousState>) -> Void
    ) {
        guard now + delay < deadline else { return then(.silent) }
        let number = activityNumber
        after(delay.microseconds) { [self] in
            world.request(pod, timeout: longestRequest(deadline)) { world -> APIOutcome<SynchronousState?> in
                .answered(world.api.synchronous)
            } _: { [self] outcome in
                guard activityNumber == number else { return isKeepingSynchronous = false }
                guard case .answered(let read) = outcome else {
                    return settle(next, over: former, after: pause(outcome), until: deadline, then)
                }
                switch settleSynchronousWrite(of: next, over: former, read: read) {
                case .landed(let written): then(.answered(written))
                case .notYet: writeSynchronous(next, over: former, until: deadline, then)
                case .superseded: then(.conflict)
                }
            }
        }
    }
}
