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

    /// One input and all that follows from it, in the order `LockDesk` keeps in the product: init has the deadline before
    /// anything here believes in it.
    @discardableResult
    func step(_ input: (inout LockStation, BootInstant) -> [LockDirective]) -> [LockDirective] {
        let directives = input(&station, now)
        let rest = station.settle(directives) { order in
            switch order {
            case .arm(let until): pod.armFence(until: until)
            case .disarm: pod.disarmFence()
            }
            return true
        }
        if rest.contains(.tell) { wake() }
        return rest
    }

    // MARK: One command at a time

    func submit(_ command: KeeperCommand) {
        keeperCommands.append(command)
        workOff()
    }

    /// The heartbeat is finer than `loopWait`; a beat at which nothing is due is not simulated.
    func planBeat() {
        guard let held = station.held else { return }
        beatNumber += 1
        let number = beatNumber
        var wait = max((held.nextRenewal - now).microseconds, 0)
        // A changed list is written out of turn, at most once a second.
        if failsafe != held.record.failsafe { wait = station.hasNews(failsafe, at: now) ? 0 : min(wait, 1_000_000) }
        after(wait + world.random.next(in: 1_000...100_000)) { [self] in
            if number == beatNumber { submit(.heartbeat) }
        }
    }

    private func workOff() {
        guard !isKeeperBusy, !keeperCommands.isEmpty else { return }
        isKeeperBusy = true
        switch keeperCommands.removeFirst() {
        case .acquire(let record, let listIsGone, let done):
            acquire(over: record, listIsGone: listIsGone, done)
        case .renew(let done):
            renew(step { $0.renew(at: $1, leaving: failsafe, timings) }, done)
        case .heartbeat:
            let mayRenew = now < healthyUntil
            renew(step { $0.beat(at: $1, mayRenew: mayRenew, leaving: failsafe, timings) }) { _ in }
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

    private func acquire(over record: LockRecord?, listIsGone: Bool, _ done: @escaping (LockOutcome) -> Void) {
        let terms = timings
        let begun = step { $0.beginAcquisition(over: record, listIsGone: listIsGone, at: $1, terms) }
        guard case .write(_, let deadline)? = begun.last else {
            for case .say(.refused(let problem)) in begun { world.note("\(me): not taking the lock: \(problem)") }
            finishCommand()
            return done(.unknown)
        }
        write(.acquisition(over: record?.version), over: record, deadline: deadline) { [self] outcome in
            switch outcome {
            case .held(let record, let sentAt):
                hold(record, sentAt, terms)
                checkOthers()
            case .lost: step { station, _ in station.lost() }
            case .unknown: step { $0.outcomeIsUnknown(at: $1) }
            }
            finishCommand()
            done(outcome)
        }
    }

    /// - Returns: whether the lock is this agent's own now.
    @discardableResult
    private func hold(_ record: LockRecord, _ sentAt: BootInstant, _ terms: Timings) -> Bool {
        let isHeld = step { station, _ in station.landed(record, sentAt: sentAt, terms) }.contains(.hold)
        if isHeld { keepRoute() }
        return isHeld
    }

    /// Carries out the renewal that was asked for, if one was.
    private func renew(_ asked: [LockDirective], _ done: @escaping (Bool) -> Void) {
        if asked.contains(.say(.ranOut)) { world.note("\(me): the lock was not renewed in time and is given up") }
        guard case .write(.renewal(let record), let deadline)? = asked.last else {
            finishCommand()
            return done(false)
        }
        let terms = timings
        write(.renewal(epoch: record.epoch), over: record, deadline: deadline) { [self] outcome in
            switch outcome {
            case .held(let record, let sentAt):
                let isHeld = hold(record, sentAt, terms)
                finishCommand()
                done(isHeld)
            case .lost(let record):
                world.note("\(me): the lock is lost to \(record?.leader ?? "nobody")")
                step { station, _ in station.lost() }
                finishCommand()
                done(false)
            case .unknown:
                renew(step { $0.outcomeIsUnknown(at: $1) }, done)
            }
        }
    }

    /// It was sent, and its answer has not come.
    private var isReleasing: Bool {
        if case .release = station.attempt { true } else { false }
    }

    private func release(_ heir: String?, _ position: LSN?, _ done: @escaping (Bool) -> Void) {
        let asked = step { $0.beginRelease(at: $1, timings) }
        guard case .write(.release(let record), let deadline)? = asked.last else {
            finishCommand()
            return done(false)
        }
        attemptRelease(of: record, over: record, heir, position, deadline: deadline) { [self] released in
            step { station, _ in station.released() }
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
        world.request(pod, timeout: longestRequest(deadline)) { world -> APIOutcome<LockRecord> in
            world.writeLock(over: base?.version, record)
        } _: { [self] outcome in
            if case .answered(let written) = outcome {
                learn(written)
                return done(.held(written, sentAt: sentAt))
            }
            read(after: pause(outcome), deadline: deadline) { [self] read in
                guard case .answered(let found) = read else { return done(.unknown) }
                learn(found)
                switch attempt.settle(found, over: base, identity: identity, stamp: stamp) {
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

    /// The answer of an own write or a live read; it makes nobody the holder.
    func learn(_ record: LockRecord?) {
        station.answered(record, at: now)
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
            guard let agent = other.agent, let held = agent.station.held, other.clock.read(world.now) < held.until,
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
