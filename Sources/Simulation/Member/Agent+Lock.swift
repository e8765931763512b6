import HighAvailability
import Units

extension Agent {
    enum KeeperCommand {
        case acquire(over: LockRecord?, listIsGone: Bool, done: (LockOutcome) -> Void)
        case renew(done: (Bool) -> Void)
        case release(heir: String?, position: LSN?, done: (Bool) -> Void)
        case heartbeat
    }

    enum LockOutcome {
        case held(LockRecord, sentAt: BootInstant)
        case lost(LockRecord?)
        case unknown
    }

    // MARK: One command at a time

    func submit(_ command: KeeperCommand) {
        keeperCommands.append(command)
        workOff()
    }

    /// The heartbeat is finer than `loopWait`; a beat at which nothing is due is not simulated.
    func planBeat() {
        guard let held = keeping.held else { return }
        beatNumber += 1
        let number = beatNumber
        var wait = max((held.nextRenewal - now).microseconds, 0)
        // A changed list is written out of turn, at most once a second.
        if failsafe != held.record.failsafe { wait = keeping.hasNews(failsafe, at: now) ? 0 : min(wait, 1_000_000) }
        after(wait + world.random.next(in: 1_000...100_000)) { [self] in
            if number == beatNumber { submit(.heartbeat) }
        }
    }

    private func workOff() {
        guard !isKeeperBusy, !keeperCommands.isEmpty else { return }
        isKeeperBusy = true
        switch keeperCommands.removeFirst() {
        case .acquire(let record, let listIsGone, let done):
            let terms = timings
            let holder = sight.watchedHolder.flatMap { view.members[$0] }
            if let problem = sight.beginAcquisition(
                over: record, listIsGone: listIsGone, ttl: terms.ttl, holder: holder, at: now)
            {
                world.note("\(me): not taking the lock: \(problem)")
                finishCommand()
                return done(.unknown)
            }
            write(.acquisition(over: record?.version), over: record, deadline: now + terms.retryTimeout) {
                [self] outcome in
                switch outcome {
                case .held(let record, let sentAt):
                    sight.acquisitionSettled()
                    confirm(record, sentAt, terms)
                    checkOthers()
                case .lost: sight.acquisitionSettled()
                // It may still land, so no other leader gets a promise from here.
                case .unknown: break
                }
                finishCommand()
                done(outcome)
            }
        case .renew(let done):
            perform(keeping.renew(at: now, timings), done)
        case .heartbeat:
            let mayRenew = now < healthyUntil
            perform(
                mayRenew && keeping.hasNews(failsafe, at: now)
                    ? keeping.renew(at: now, timings) : keeping.beat(at: now, mayRenew: mayRenew, timings)
            ) { _ in }
        case .release(let heir, let position, let done):
            release(heir, position, done)
        }
    }

    private func finishCommand() {
        isKeeperBusy = false
        planBeat()
        planRound()
        after(0) { [self] in workOff() }
    }

    private func confirm(_ record: LockRecord, _ sentAt: BootInstant, _ terms: Timings) {
        moveEnd { keeping in
            keeping.confirmed(record, sentAt: sentAt, terms)
            return keeping.held?.until
        }
        keepRoute()
    }

    private func perform(_ step: LockKeeping.Step, _ done: @escaping (Bool) -> Void) {
        switch step {
        case .rest, .withhold:
            finishCommand()
            done(false)
        case .giveUp:
            world.note("\(me): the lock was not renewed in time and is given up")
            sight.relinquish()
            wake()
            finishCommand()
            done(false)
        case .renew(let record, let deadline):
            let terms = timings
            // A shorter ttl may land without an answer: from here on this holder believes in no longer one.
            moveEnd { $0.willRenew(leaving: failsafe, at: now, terms) }
            write(.renewal(epoch: record.epoch), over: record, deadline: deadline) { [self] outcome in
                switch outcome {
                case .held(let record, let sentAt):
                    guard keeping.mayConfirmRenewal else {
                        sight.relinquish()
                        finishCommand()
                        return done(false)
                    }
                    confirm(record, sentAt, terms)
                    finishCommand()
                    done(true)
                case .lost(let record):
                    world.note("\(me): the lock is lost to \(record?.leader ?? "nobody")")
                    keeping.lost()
                    sight.relinquish()
                    wake()
                    finishCommand()
                    done(false)
                case .unknown:
                    perform(keeping.outcomeIsUnknown(at: now), done)
                }
            }
        }
    }

    private func release(_ heir: String?, _ position: LSN?, _ done: @escaping (Bool) -> Void) {
        guard let record = keeping.held?.record else {
            finishCommand()
            return done(false)
        }
        isReleasing = true
        attemptRelease(of: record, over: record, heir, position, deadline: now + timings.retryTimeout) {
            [self] released in
            isReleasing = false
            keeping.relinquish()
            sight.relinquish()
            wake()
            finishCommand()
            done(released)
        }
    }

    private func attemptRelease(
        of held: LockRecord, over current: LockRecord, _ heir: String?, _ position: LSN?, deadline: BootInstant,
        _ done: @escaping (Bool) -> Void
    ) {
        guard now < deadline else { return done(false) }
        world.request(pod, timeout: longestRequest(deadline)) { world -> APIOutcome<LockRecord> in
            var free = current
            (free.leader, free.identity, free.containerInstance, free.heir) = (nil, nil, nil, heir)
            free.position = position ?? free.position
            return world.writeLock(over: current.version, free)
        } _: { [self] outcome in
            if case .answered(let record) = outcome {
                learn(record)
                return done(true)
            }
            read(after: pause(outcome), deadline: deadline) { [self] read in
                guard case .answered(let record) = read else { return done(false) }
                learn(record)
                switch LockAttempt.settleRelease(of: held, to: heir, read: record) {
                case .landed: done(true)
                case .lost, .again(over: nil): done(false)
                case .again(let newer?):
                    attemptRelease(of: held, over: newer, heir, position, deadline: deadline, done)
                }
            }
        }
    }

    // MARK: Writing and reading

    private func write(
        _ attempt: LockAttempt, over base: LockRecord?, deadline: BootInstant, _ done: @escaping (LockOutcome) -> Void
    ) {
        settle(attempt, over: base, stamp: "s\(world.nextIdentifier())", sentAt: now, timings, deadline, done)
    }

    private func settle(
        _ attempt: LockAttempt, over base: LockRecord?, stamp: String, sentAt: BootInstant, _ terms: Timings,
        _ deadline: BootInstant, _ done: @escaping (LockOutcome) -> Void
    ) {
        let record = claim(attempt, over: base, stamp: stamp, terms)
        let until = LockKeeping.end(ofWriteSentAt: sentAt, terms)
        world.request(pod, timeout: longestRequest(deadline)) { world -> APIOutcome<LockRecord> in
            world.writeLock(over: base?.version, record)
        } _: { [self] outcome in
            if case .answered(let written) = outcome {
                learn(written, confirmedUntil: until)
                return done(.held(written, sentAt: sentAt))
            }
            read(after: pause(outcome), deadline: deadline) { [self] read in
                guard case .answered(let found) = read else { return done(.unknown) }
                let settlement = attempt.settle(found, over: base, identity: identity, stamp: stamp)
                if case .landed(let landed) = settlement {
                    learn(landed, confirmedUntil: until)
                    return done(.held(landed, sentAt: sentAt))
                }
                learn(found)
                switch settlement {
                case .landed(let landed): done(.held(landed, sentAt: sentAt))
                case .lost(let other): done(.lost(other))
                case .again(let newer):
                    settle(attempt, over: newer, stamp: stamp, sentAt: sentAt, terms, deadline, done)
                }
            }
        }
    }

    /// Reads the lock live, again and again until it answers or the deadline has passed.
    func read(after delay: Duration, deadline: BootInstant, _ done: @escaping (APIOutcome<LockRecord?>) -> Void) {
        guard now + delay < deadline else { return done(.silent) }
        after(delay.microseconds) { [self] in
            world.request(pod, timeout: longestRequest(deadline)) { world -> APIOutcome<LockRecord?> in
                .answered(world.api.lock)
            } _: { [self] outcome in
                switch outcome {
                case .answered: done(outcome)
                case .conflict, .refused, .silent: read(after: .milliseconds(100), deadline: deadline, done)
                }
            }
        }
    }

    func learn(_ record: LockRecord?, confirmedUntil until: BootInstant? = nil) {
        ownWrites += 1
        sight.answered(record, confirmedUntil: until, at: now)
        wake()
    }

    func pause<Value>(_ outcome: APIOutcome<Value>) -> Duration {
        if case .conflict = outcome { .zero } else { .milliseconds(100) }
    }

    /// One request may not eat the whole budget: a lost answer has to be settled within it.
    func longestRequest(_ deadline: BootInstant) -> Microseconds {
        min(max((deadline - now).microseconds, 1_000), 2_500_000)
    }

    private func claim(_ attempt: LockAttempt, over base: LockRecord?, stamp: String, _ terms: Timings) -> LockRecord {
        var record = base ?? LockRecord(version: "")
        record.identity = identity
        record.containerInstance = containerInstance
        record.renewal = stamp
        record.ttl = terms.ttl
        record.timeline = publishedTimeline ?? record.timeline
        record.position = publishedPosition ?? record.position
        switch attempt {
        case .acquisition:
            if record.leader != me { record.transitions += 1 }
            record.leader = me
            record.epoch = LockRecord.epoch(after: base)
            record.heir = nil
        case .renewal(let epoch):
            record.leader = me
            record.epoch = epoch
            record.failsafe = failsafe
        }
        return record
    }

    /// An acquisition was confirmed: by the clocks, nobody else may still believe that the lock is his.
    private func checkOthers() {
        // An answer that comes after a freeze may be about a validity that is over.
        guard holdsLock else { return }
        for other in world.pods where other !== pod && other.agent != nil {
            guard let agent = other.agent, let held = agent.keeping.held, other.clock.read(world.now) < held.until,
                // Who has sent his release has no primary any more; that the answer was lost harms nobody.
                !agent.isReleasing
                    || (other.server.hasPostmaster && ![.standby, .startingStandby].contains(other.server.process))
            else { continue }
            world.violate(
                .twoHolders,
                "\(me) (Pod \(pod.index)) took the lock while Pod \(other.index) may still hold it as its own")
        }
    }
}
