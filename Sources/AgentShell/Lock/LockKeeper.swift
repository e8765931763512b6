import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import Synchronization
import Units

/// Keeps the lock while this member leads: renews it every `loopWait`, and lets init have the deadline of the fence. Of a
/// member that does not, nothing here wakes up.
///
/// What is to be done when, ``LockStation`` says, which ``LockDesk`` owns; here it is carried out. One command is worked
/// through at a time, in a task and over a connection of its own: nothing else the agent does can delay a renewal, and a
/// release can never overtake one. Beside it a second task asks the members for their consent when renewals come to nothing,
/// while the next renewal is already under way.
final class LockKeeper: Sendable {
    private let identity: HolderIdentity
    private let store: any ClusterStore
    let desk: LockDesk
    private let watchdog: Watchdog
    private let clock: any AgentClock
    private let logger: Logger
    private let terms: @Sendable () -> Terms
    private let consent: @Sendable (FailsafeRound) async -> FailsafeConsent
    private let lastWarning = Mutex<String?>(nil)
    private let commands = LockCommands()
    /// Wakes whoever submits heartbeats.
    private let beats: Alarm
    /// Wakes whoever asks the members.
    private let rounds: Alarm

    /// What a renewal says, and whether there may be one; asked anew each time.
    struct Terms: Sendable {
        var timings: Timings
        var containerInstance: String?
        var timeline: Timeline?
        var position: LSN?
        var target: RoutingTarget?
        /// Who has to agree if this holder cannot renew; nil without failsafe.
        var failsafe: FailsafeList?
        /// The server is healthy, or is being brought up within its time.
        var mayRenew: Bool
    }

    init(
        identity: HolderIdentity, store: any ClusterStore, desk: LockDesk, watchdog: Watchdog,
        clock: any AgentClock, logger: Logger,
        terms: @escaping @Sendable () -> Terms,
        consent: @escaping @Sendable (FailsafeRound) async -> FailsafeConsent
    ) {
        self.identity = identity
        self.store = store
        self.desk = desk
        self.watchdog = watchdog
        self.clock = clock
        self.logger = logger
        self.terms = terms
        self.consent = consent
        beats = Alarm(clock: clock)
        rounds = Alarm(clock: clock)
    }

    /// The lock is held by the members' consent, because it cannot be renewed.
    var isByConsent: Bool { desk.look { station, _ in station.held?.isByConsent ?? false } }

    /// How the lock ended that was held last; nil while one is held.
    var end: LockEnd? { desk.look { station, _ in station.end } }

    /// Takes the lock over exactly this record.
    ///
    /// - Parameter listIsGone: no Pod of the record's failsafe list exists any more.
    /// - Returns: nil when the outcome is unknown, when a promise forbids it, or when the fence cannot be armed.
    func acquire(over record: LockRecord?, listIsGone: Bool) async -> LockWrite? {
        await withCheckedContinuation { commands.submit(.acquire(over: record, listIsGone: listIsGone, $0)) }
    }

    /// Renews at once, to publish a new timeline or address. False when the lock is not (known to be) ours any more.
    func renew() async -> Bool {
        await withCheckedContinuation { commands.submit(.renew($0)) }
    }

    /// Lets the lock go. Only after every process of the data directory is gone.
    ///
    /// - Parameter reason: why it goes to the heir, for the history.
    func release(heir: String?, because reason: ChangeKind? = nil, position: LSN?) async -> Bool {
        await withCheckedContinuation {
            commands.submit(.release(heir: heir, because: reason, position: position, $0))
        }
    }

    /// What a renewal is to say has changed, or how often there is to be one.
    func noteTerms() { commands.submit(.heartbeat) }

    /// Works until cancelled; from then on every command is answered at once: not done.
    func run() async {
        await withTaskGroup { group in
            group.addTask { await self.work() }
            group.addTask { await self.keepByConsent() }
            group.addTask { for await _ in self.beats.calls { self.commands.submit(.heartbeat) } }
            await group.waitForAll()
        }
        beats.stop()
        rounds.stop()
    }

    // MARK: One command at a time

    private func work() async {
        for await _ in commands.arrivals {
            while !Task.isCancelled, let command = commands.next() {
                await carryOut(command)
                planBeat()
                rounds.ring()
            }
        }
        commands.close()
    }

    /// Nothing of a lock that is held becomes due but by a command, by time, and by ``noteTerms()``; without one nothing does.
    private func planBeat() {
        let terms = terms()
        let (now, next) = desk.look { station, now in (now, station.nextBeat(leaving: terms.failsafe, at: now)) }
        if let next { beats.ring(after: next - now) } else { beats.stop() }
    }

    private func carryOut(_ command: LockCommand) async {
        let terms = terms()
        switch command {
        case .acquire(let record, let listIsGone, let answer):
            answer.resume(returning: await acquire(over: record, listIsGone: listIsGone, terms))
        case .renew(let answer):
            let step = desk.step { $0.renew(at: $1, leaving: terms.failsafe, terms.timings) }
            answer.resume(returning: await renew(step, terms))
        case .release(let heir, let reason, let position, let answer):
            answer.resume(returning: await release(heir: heir, because: reason, position: position, terms))
        case .heartbeat:
            let step = desk.step {
                $0.beat(at: $1, mayRenew: terms.mayRenew, leaving: terms.failsafe, terms.timings)
            }
            _ = await renew(step, terms)
        }
    }

    private func acquire(over record: LockRecord?, listIsGone: Bool, _ terms: Terms) async -> LockWrite? {
        let step = desk.step { $0.beginAcquisition(over: record, listIsGone: listIsGone, at: $1, terms.timings) }
        report(step)
        guard case .acquisition(let record)? = step.write?.attempt, let deadline = step.write?.deadline else {
            return nil
        }
        do {
            let outcome = try await store.acquire(
                claim(terms), over: record, target: terms.target, deadline: deadline)
            switch outcome {
            case .held(let record, let sentAt):
                return hold(record, sentAt: sentAt, terms) ? outcome : nil
            case .lost:
                desk.step { station, _ in station.lost() }
                return outcome
            }
        } catch {
            logger.warning("could not take the lock; its state is unknown", metadata: ["error": "\(error)"])
            desk.step { $0.outcomeIsUnknown(at: $1) }
            return nil
        }
    }

    /// Carries out the renewal that `step` asks for, if it does.
    ///
    /// - Returns: true when the lock was renewed.
    private func renew(_ step: LockDesk.Step, _ terms: Terms) async -> Bool {
        report(step)
        guard case .renewal(let record)? = step.write?.attempt, let deadline = step.write?.deadline else {
            return false
        }
        // The members to ask may be others from here on, and be asked before the answer is there.
        rounds.ring()
        do {
            let outcome = try await store.renew(
                claim(terms), holding: record, target: terms.target, deadline: deadline)
            switch outcome {
            case .held(let record, let sentAt):
                guard hold(record, sentAt: sentAt, terms) else { return false }
                if clearWarning() { logger.notice("the lock is renewed again") }
                return true
            case .lost(let record):
                logger.error(
                    "failed to update leader lock: it is lost",
                    metadata: ["holder": "\(record?.leader ?? "nobody")", "epoch": "\(record?.epoch ?? 0)"])
                desk.step { station, _ in station.lost() }
                return false
            }
        } catch {
            warnOnce("could not renew the lock, trying until the fence falls: \(error)")
            report(desk.step { $0.outcomeIsUnknown(at: $1) })
            return false
        }
    }

    private func release(
        heir: String?, because reason: ChangeKind?, position: LSN?, _ terms: Terms
    ) async -> Bool {
        let step = desk.step { $0.beginRelease(at: $1, terms.timings) }
        guard case .release(let record)? = step.write?.attempt, let deadline = step.write?.deadline else {
            return false
        }
        defer { desk.step { station, _ in station.released() } }
        do {
            return try await store.release(
                record, heir: heir, because: reason, position: position, deadline: deadline)
        } catch {
            logger.warning("could not release the lock; it runs out by itself", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// A write has landed.
    ///
    /// - Returns: false when init cannot be told; then the lock is given up, and the deadline it knows stays in force. Also for
    ///   a renewal that is answered after the lock was lost.
    private func hold(_ record: LockRecord, sentAt: BootInstant, _ terms: Terms) -> Bool {
        let step = desk.step(quietlyIf: { $0.isRoutine(record, at: $1, terms.timings) }) { station, _ in
            station.landed(record, sentAt: sentAt, terms.timings)
        }
        report(step)
        return step.isHeld
    }

    // MARK: By consent

    /// Asks the members, as often as it takes, while renewals come to nothing.
    private func keepByConsent() async {
        for await _ in rounds.calls {
            await askMembers()
            let (now, next) = desk.look { station, now in (now, station.nextRound(at: now)) }
            if let next, terms().failsafe != nil { rounds.ring(after: next - now) } else { rounds.stop() }
        }
    }

    private func askMembers() async {
        let terms = terms()
        guard terms.failsafe != nil,
            let round = desk.look({ $0.beginRound(at: $1, mayRenew: terms.mayRenew, terms.timings) })
        else { return }
        let answers = await consent(round)
        if let (reign, witness) = answers.laterReign {
            end(bySightOf: reign, of: witness)
        }
        // Everybody: what a synchronous mode knows of its voters would allow for fewer, never for more.
        let verdict = judgeFailsafe(round.list, me: identity, agreed: answers.agreed, rule: .everyMember)
        if case .fall(let missing) = verdict {
            logger.warning(
                "failsafe: not every member agrees that this leader stays",
                metadata: ["missing": "\(missing.joined(separator: ", "))"])
        }
        report(desk.step { $0.ended(round, verdict, at: $1) })
    }

    private func end(bySightOf reign: Reign, of witness: String) {
        let step = desk.step { station, _ in station.hasEnded(bySightOf: reign) }
        guard !step.directives.isEmpty else { return }
        logger.error(
            "failsafe: \(witness) has seen a later holder of the lock: it is lost",
            metadata: ["holder": "\(reign.holder?.member ?? "unknown")", "epoch": "\(reign.epoch)"])
    }

    // MARK: What a step says beside a write

    private func report(_ step: LockDesk.Step) {
        if let error = step.fenceError {
            logger.critical("the fence cannot be armed, so nothing may lead here", metadata: ["error": "\(error)"])
        }
        for directive in step.directives {
            switch directive {
            case .hold: watchdog.keepAlive()
            case .say(let notice): log(notice)
            case .write, .tell, .fence: break
            }
        }
    }

    private func log(_ notice: LockNotice) {
        switch notice {
        case .refused(let problem): logger.info("not taking the lock: \(problem)")
        case .withheld: warnOnce("not renewing the lock: PostgreSQL is not healthy")
        case .ranOut: logger.error("the lock was not renewed in time and is given up")
        case .notHeld: break
        }
    }

    private func claim(_ terms: Terms) -> LockClaim {
        LockClaim(
            identity: identity, ttl: terms.timings.ttl, containerInstance: terms.containerInstance,
            timeline: terms.timeline,
            position: terms.position,
            failsafe: terms.failsafe)
    }

    private func warnOnce(_ text: String) {
        let isNew = lastWarning.withLock { last in
            defer { last = text }
            return last != text
        }
        if isNew { logger.warning("\(text)") }
    }

    /// - Returns: whether there was something to take back.
    private func clearWarning() -> Bool {
        lastWarning.withLock { last in
            defer { last = nil }
            return last != nil
        }
    }
}
