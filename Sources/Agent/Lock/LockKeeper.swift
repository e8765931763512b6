import ClusterStore
import Fence
import HighAvailability
import Logging

/// Keeps the lock while this member leads: renews it every `loopWait`, and hands init the deadline of the fence.
///
/// It works through one command at a time, in a task and over a connection of its own: nothing else the agent does can
/// delay a renewal, and a release can never overtake one.
///
/// - Invariant: the fence is armed, with a deadline counted from when the write was *sent*, before anybody learns that the
///   lock is held.
final class LockKeeper: Sendable {
    enum Command: Sendable {
        case acquire(over: LockRecord?, CheckedContinuation<LockWrite?, Never>)
        case renew(CheckedContinuation<Bool, Never>)
        case release(heir: String?, position: LSN?, CheckedContinuation<Bool, Never>)
        case heartbeat
    }

    private let identity: HolderIdentity
    private let store: any ClusterStore
    private let watch: ClusterWatch
    private let fence: FenceHandle?
    private let logger: Logger
    private let terms: @Sendable () -> Terms
    private let commands: AsyncStream<Command>
    private let submit: AsyncStream<Command>.Continuation

    /// What a renewal says, and whether there may be one; asked anew each time.
    struct Terms: Sendable {
        var timings: Timings
        var containerID: String?
        var timeline: Timeline?
        var position: LSN?
        var target: RoutingTarget?
        /// The server is healthy, or is being brought up within its time.
        var mayRenew: Bool
    }

    init(
        identity: HolderIdentity, store: any ClusterStore, watch: ClusterWatch, fence: FenceHandle?, logger: Logger,
        terms: @escaping @Sendable () -> Terms
    ) {
        self.identity = identity
        self.store = store
        self.watch = watch
        self.fence = fence
        self.logger = logger
        self.terms = terms
        (commands, submit) = AsyncStream.makeStream()
    }

    /// Takes the lock over exactly this record. nil: the outcome is unknown, or the fence cannot be armed.
    func acquire(over record: LockRecord?) async -> LockWrite? {
        await withCheckedContinuation { submit.yield(.acquire(over: record, $0)) }
    }

    /// Renews at once, to publish a new timeline or address. False when the lock is not (known to be) ours any more.
    func renew() async -> Bool {
        await withCheckedContinuation { submit.yield(.renew($0)) }
    }

    /// Lets the lock go. Only after every process of the data directory is gone.
    func release(heir: String?, position: LSN?) async -> Bool {
        await withCheckedContinuation { submit.yield(.release(heir: heir, position: position, $0)) }
    }

    /// Works until cancelled.
    func run() async {
        await withTaskGroup { group in
            group.addTask { await self.work() }
            group.addTask {
                while !Task.isCancelled {
                    // Finer than loopWait, so that a renewal is never late by a whole heartbeat. Cancellation ends the loop.
                    try? await Task.sleep(for: .milliseconds(100))
                    self.submit.yield(.heartbeat)
                }
                self.submit.finish()
            }
            await group.waitForAll()
        }
    }

    // MARK: One command at a time

    private func work() async {
        var keeping = LockKeeping()
        var lastWarning: String?
        for await command in commands {
            let terms = terms()
            switch command {
            case .acquire(let record, let answer):
                answer.resume(returning: await acquire(over: record, terms, &keeping))
            case .renew(let answer):
                let step = keeping.renew(at: BootClock.now(), terms.timings)
                answer.resume(returning: await perform(step, terms, &keeping, &lastWarning))
            case .release(let heir, let position, let answer):
                answer.resume(returning: await release(heir: heir, position: position, terms, &keeping))
            case .heartbeat:
                let step = keeping.beat(at: BootClock.now(), mayRenew: terms.mayRenew, terms.timings)
                _ = await perform(step, terms, &keeping, &lastWarning)
            }
        }
    }

    private func acquire(over record: LockRecord?, _ terms: Terms, _ keeping: inout LockKeeping) async -> LockWrite? {
        let deadline = BootClock.now() + terms.timings.retryTimeout
        do {
            let outcome = try await store.acquire(claim(terms), over: record, deadline: deadline)
            if case .held(let record, let sentAt) = outcome {
                guard arm(from: sentAt, terms.timings) else { return nil }
                keeping.confirmed(record, sentAt: sentAt, terms.timings)
            }
            return outcome
        } catch {
            logger.warning("could not take the lock; its state is unknown", metadata: ["error": "\(error)"])
            return nil
        }
    }

    /// - Returns: true when the lock was renewed.
    private func perform(
        _ step: LockKeeping.Step, _ terms: Terms, _ keeping: inout LockKeeping, _ lastWarning: inout String?
    ) async -> Bool {
        switch step {
        case .rest:
            return false
        case .withhold:
            warnOnce("not renewing the lock: PostgreSQL is not healthy", &lastWarning)
            return false
        case .giveUp:
            // The fence falls at this very moment in init; here we only stop believing.
            logger.error("the lock was not renewed in time and is given up")
            watch.relinquishLock()
            return false
        case .renew(let record, let deadline):
            return await renew(record, deadline, terms, &keeping, &lastWarning)
        }
    }

    private func renew(
        _ record: LockRecord, _ deadline: BootInstant, _ terms: Terms, _ keeping: inout LockKeeping,
        _ lastWarning: inout String?
    ) async -> Bool {
        do {
            let outcome = try await store.renew(
                claim(terms), holding: record, target: terms.target, deadline: deadline)
            switch outcome {
            case .held(let record, let sentAt):
                guard arm(from: sentAt, terms.timings) else { return false }
                keeping.confirmed(record, sentAt: sentAt, terms.timings)
                if lastWarning != nil { logger.notice("the lock is renewed again") }
                lastWarning = nil
                return true
            case .lost(let record):
                logger.error(
                    "failed to update leader lock: it is lost",
                    metadata: ["holder": "\(record?.leader ?? "nobody")", "epoch": "\(record?.epoch ?? 0)"])
                keeping.relinquish()
                watch.relinquishLock()
                return false
            }
        } catch {
            warnOnce("could not renew the lock, trying until the fence falls: \(error)", &lastWarning)
            return await perform(
                keeping.outcomeIsUnknown(at: BootClock.now()), terms, &keeping, &lastWarning)
        }
    }

    private func release(
        heir: String?, position: LSN?, _ terms: Terms, _ keeping: inout LockKeeping
    ) async -> Bool {
        guard let record = keeping.held?.record else { return false }
        // Whatever comes of it: the server is stopped, and a lock that was not let go runs out by itself.
        defer {
            keeping.relinquish()
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

    /// Hands init the deadline, and only then lets this agent believe that the lock is its own.
    private func arm(from sentAt: BootInstant, _ timings: Timings) -> Bool {
        let until = LockKeeping.end(ofWriteSentAt: sentAt, timings)
        do {
            try fence?.arm(until: until)
            return true
        } catch {
            logger.critical("the fence cannot be armed, so nothing may lead here", metadata: ["error": "\(error)"])
            watch.relinquishLock()
            return false
        }
    }

    private func claim(_ terms: Terms) -> LockClaim {
        LockClaim(
            identity: identity, ttl: terms.timings.ttl, validity: terms.timings.fenceDelay,
            containerID: terms.containerID, timeline: terms.timeline, position: terms.position)
    }

    private func warnOnce(_ text: String, _ last: inout String?) {
        guard last != text else { return }
        last = text
        logger.warning("\(text)")
    }
}
