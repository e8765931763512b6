import ClusterRecords
import ClusterStore
import Fence
import HighAvailability
import Logging
import Synchronization
import Units

/// Keeps the lock while this member leads: renews it every `loopWait`, and hands init the deadline of the fence.
///
/// It works through one command at a time, in a task and over a connection of its own: nothing else the agent does can
/// delay a renewal, and a release can never overtake one. Beside it a second task asks the members for their consent when
/// renewals come to nothing, while the next renewal is already under way.
///
/// - Invariant: unless a standby leader runs here, the fence is armed, with a deadline counted from when the write was *sent*,
///   before anybody learns that the lock is held: ``ClusterWatch/confirmOwnership(of:until:arming:)`` does both in one step.
final class LockKeeper: Sendable {
    private let identity: HolderIdentity
    private let store: any ClusterStore
    let watch: ClusterWatch
    let fence: FenceHandle?
    private let watchdog: Watchdog
    private let logger: Logger
    private let terms: @Sendable () -> Terms
    private let consent: @Sendable (FailsafeRound) async -> FailsafeConsent
    let keeping = Mutex(LockKeeping())
    private let lastWarning = Mutex<String?>(nil)
    /// init may have a deadline; of an earlier life of this agent, at first.
    let isFenceRaised: Atomic<Bool>
    /// What runs here is a standby and stays one: it may go on without a lock. Changed in one step with the end of the lock.
    let isRelaxed = Atomic(false)
    private let commands = LockCommands()

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
        identity: HolderIdentity, store: any ClusterStore, watch: ClusterWatch, fence: FenceHandle?, watchdog: Watchdog,
        logger: Logger,
        terms: @escaping @Sendable () -> Terms,
        consent: @escaping @Sendable (FailsafeRound) async -> FailsafeConsent
    ) {
        self.identity = identity
        self.store = store
        self.watch = watch
        self.fence = fence
        self.watchdog = watchdog
        isFenceRaised = Atomic(fence != nil)
        self.logger = logger
        self.terms = terms
        self.consent = consent
    }

    /// The lock is held by the members' consent, because it cannot be renewed.
    var isByConsent: Bool { keeping.withLock { $0.held?.isByConsent ?? false } }

    /// How the lock ended that was held last; nil while one is held.
    var end: LockEnd? { keeping.withLock { $0.end } }

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
    func release(heir: String?, position: LSN?) async -> Bool {
        await withCheckedContinuation { commands.submit(.release(heir: heir, position: position, $0)) }
    }

    /// Works until cancelled; from then on every command is answered at once: not done.
    func run() async {
        await withTaskGroup { group in
            group.addTask { await self.work() }
            group.addTask { await self.keepByConsent() }
            group.addTask {
                while !Task.isCancelled {
                    // Finer than loopWait, so that a renewal is never late by a whole heartbeat. Cancellation ends the loop.
                    try? await Task.sleep(for: .milliseconds(100))
                    self.commands.submit(.heartbeat)
                }
            }
            await group.waitForAll()
        }
    }

    // MARK: One command at a time

    private func work() async {
        for await _ in commands.arrivals {
            while !Task.isCancelled, let command = commands.next() { await carryOut(command) }
        }
        commands.close()
    }

    private func carryOut(_ command: LockCommand) async {
        let terms = terms()
        switch command {
        case .acquire(let record, let listIsGone, let answer):
            answer.resume(returning: await acquire(over: record, listIsGone: listIsGone, terms))
        case .renew(let answer):
            let step = keeping.withLock { $0.renew(at: BootClock.now(), terms.timings) }
            answer.resume(returning: await perform(step, terms))
        case .release(let heir, let position, let answer):
            answer.resume(returning: await release(heir: heir, position: position, terms))
        case .heartbeat:
            let now = BootClock.now()
            let step = keeping.withLock { keeping in
                terms.mayRenew && keeping.hasNews(terms.failsafe, at: now)
                    ? keeping.renew(at: now, terms.timings)
                    : keeping.beat(at: now, mayRenew: terms.mayRenew, terms.timings)
            }
            _ = await perform(step, terms)
        }
    }

    private func acquire(over record: LockRecord?, listIsGone: Bool, _ terms: Terms) async -> LockWrite? {
        if let problem = watch.beginAcquisition(over: record, listIsGone: listIsGone, ttl: terms.timings.ttl) {
            logger.info("not taking the lock: \(problem)")
            return nil
        }
        // Each reign begins fenced, whatever becomes of it.
        isRelaxed.store(false, ordering: .sequentiallyConsistent)
        let deadline = BootClock.now() + terms.timings.retryTimeout
        do {
            let outcome = try await store.acquire(
                claim(terms), over: record, target: terms.target, deadline: deadline)
            watch.acquisitionSettled()
            if case .held(let record, let sentAt) = outcome {
                guard confirm(record, sentAt: sentAt, terms.timings) else { return nil }
            }
            return outcome
        } catch {
            // Not settled: it may still land, so no other leader gets a promise from here.
            logger.warning("could not take the lock; its state is unknown", metadata: ["error": "\(error)"])
            return nil
        }
    }

    /// - Returns: true when the lock was renewed.
    private func perform(_ step: LockKeeping.Step, _ terms: Terms) async -> Bool {
        switch step {
        case .rest:
            return false
        case .withhold:
            warnOnce("not renewing the lock: PostgreSQL is not healthy")
            return false
        case .giveUp:
            // The fence falls at this very moment in init; here we only stop believing.
            logger.error("the lock was not renewed in time and is given up")
            watch.relinquishLock()
            return false
        case .renew(let record, let deadline):
            return await renew(record, deadline, terms)
        }
    }

    private func renew(_ record: LockRecord, _ deadline: BootInstant, _ terms: Terms) async -> Bool {
        guard moveEnd({ $0.willRenew(leaving: terms.failsafe, at: BootClock.now(), terms.timings) }) else {
            return false
        }
        do {
            let outcome = try await store.renew(
                claim(terms), holding: record, target: terms.target, deadline: deadline)
            switch outcome {
            case .held(let record, let sentAt):
                guard confirm(record, sentAt: sentAt, terms.timings, isRenewal: true) else { return false }
                if clearWarning() { logger.notice("the lock is renewed again") }
                return true
            case .lost(let record):
                logger.error(
                    "failed to update leader lock: it is lost",
                    metadata: ["holder": "\(record?.leader ?? "nobody")", "epoch": "\(record?.epoch ?? 0)"])
                keeping.withLock { $0.lost() }
                watch.relinquishLock()
                return false
            }
        } catch {
            warnOnce("could not renew the lock, trying until the fence falls: \(error)")
            return await perform(keeping.withLock { $0.outcomeIsUnknown(at: BootClock.now()) }, terms)
        }
    }

    private func release(heir: String?, position: LSN?, _ terms: Terms) async -> Bool {
        guard let record = keeping.withLock({ $0.held?.record }) else { return false }
        // Whatever comes of it: the server is stopped, and a lock that was not let go runs out by itself.
        defer {
            keeping.withLock { $0.relinquish() }
            watch.relinquishLock()
        }
        do {
            return try await store.release(
                record, heir: heir, position: position, deadline: BootClock.now() + terms.timings.retryTimeout)
        } catch {
            logger.warning("could not release the lock; it runs out by itself", metadata: ["error": "\(error)"])
            return false
        }
    }

    // MARK: By consent

    /// Asks the members, as often as it takes, while renewals come to nothing.
    private func keepByConsent() async {
        while !Task.isCancelled {
            // As fine as the heartbeat. Cancellation ends the loop.
            try? await Task.sleep(for: .milliseconds(100))
            let terms = terms()
            guard terms.failsafe != nil,
                let round = keeping.withLock({
                    $0.beginRound(at: BootClock.now(), mayRenew: terms.mayRenew, terms.timings)
                })
            else { continue }
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
            let isKept = moveEnd { $0.ended(round, verdict, at: BootClock.now()) }
            if isKept, verdict == .stay, isByConsent { watchdog.keepAlive() }
        }
    }

    /// A member has seen another reign in the store: as good as a live read of one's own.
    private func end(bySightOf reign: Reign, of witness: String) {
        let isOver = keeping.withLock { keeping in
            guard keeping.hasEnded(bySightOf: reign) else { return false }
            watch.relinquishLock()
            return true
        }
        guard isOver else { return }
        logger.error(
            "failsafe: \(witness) has seen a later holder of the lock: it is lost",
            metadata: ["holder": "\(reign.holder?.member ?? "unknown")", "epoch": "\(reign.epoch)"])
    }

    // MARK: The end of the lock

    /// Hands init the deadline of a write that landed, and only then lets this agent believe that the lock is its own.
    ///
    /// - Returns: false when init cannot be told; then the lock is given up, and the deadline it knows stays in force. Also for
    ///   a renewal that is answered after the lock was lost.
    private func confirm(
        _ record: LockRecord, sentAt: BootInstant, _ timings: Timings, isRenewal: Bool = false
    ) -> Bool {
        keeping.withLock { keeping in
            guard !isRenewal || keeping.mayConfirmRenewal else { return false }
            let until = LockKeeping.end(ofWriteSentAt: sentAt, timings)
            do {
                try watch.confirmOwnership(of: record, until: until) { try arm(until) }
                keeping.confirmed(record, sentAt: sentAt, timings)
                watchdog.keepAlive()
                return true
            } catch {
                giveUp(&keeping, because: error)
                return false
            }
        }
    }

    /// Moves the end of the lock for init, for the watch and here, in one step: two tasks do it.
    ///
    /// - Parameter change: returns the new end, or nil when it stays.
    /// - Returns: false when init cannot be told; then the lock is given up, and the deadline it knows stays in force.
    private func moveEnd(_ change: (inout LockKeeping) -> BootInstant?) -> Bool {
        keeping.withLock { keeping in
            guard let until = change(&keeping), let epoch = keeping.held?.record.epoch else { return true }
            do {
                try arm(until)
                watch.moveLockEnd(epoch: epoch, to: until)
                return true
            } catch {
                giveUp(&keeping, because: error)
                return false
            }
        }
    }

    func arm(_ until: BootInstant) throws {
        guard !isFenceRelaxed else { return }
        isFenceRaised.store(true, ordering: .sequentiallyConsistent)
        try fence?.arm(until: until)
    }

    private func giveUp(_ keeping: inout LockKeeping, because error: any Error) {
        logger.critical("the fence cannot be armed, so nothing may lead here", metadata: ["error": "\(error)"])
        keeping.lost()
        watch.relinquishLock()
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
