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

    private struct Held {
        var record: LockRecord
        var sentAt: BootInstant
        var nextRenewal: BootInstant
    }

    private func work() async {
        var held: Held?
        var lastWarning: String?
        for await command in commands {
            switch command {
            case .acquire(let record, let answer):
                answer.resume(returning: await acquire(over: record, &held))
            case .renew(let answer):
                answer.resume(returning: await renew(&held, &lastWarning))
            case .release(let heir, let position, let answer):
                answer.resume(returning: await release(heir: heir, position: position, &held))
            case .heartbeat:
                guard let current = held, BootClock.now() >= current.nextRenewal else { continue }
                guard terms().mayRenew else {
                    warnOnce("not renewing the lock: PostgreSQL is not healthy", &lastWarning)
                    giveUpIfOver(&held)
                    continue
                }
                _ = await renew(&held, &lastWarning)
            }
        }
    }

    private func acquire(over record: LockRecord?, _ held: inout Held?) async -> LockWrite? {
        let terms = terms()
        let now = BootClock.now()
        do {
            let outcome = try await store.acquire(
                claim(terms), over: record, deadline: now + terms.timings.retryTimeout)
            if case .held(let record, let sentAt) = outcome {
                guard arm(from: sentAt, terms.timings) else { return nil }
                held = Held(record: record, sentAt: sentAt, nextRenewal: sentAt + terms.timings.loopWait)
            }
            return outcome
        } catch {
            logger.warning("could not take the lock; its state is unknown", metadata: ["error": "\(error)"])
            return nil
        }
    }

    private func renew(_ held: inout Held?, _ lastWarning: inout String?) async -> Bool {
        guard let current = held else { return false }
        let terms = terms()
        let now = BootClock.now()
        let end = current.sentAt + terms.timings.fenceDelay
        guard now < end else {
            giveUpIfOver(&held)
            return false
        }
        do {
            let outcome = try await store.renew(
                claim(terms), holding: current.record, target: terms.target,
                deadline: min(end, now + terms.timings.retryTimeout))
            switch outcome {
            case .held(let record, let sentAt):
                guard arm(from: sentAt, terms.timings) else { return false }
                held = Held(record: record, sentAt: sentAt, nextRenewal: sentAt + terms.timings.loopWait)
                if lastWarning != nil { logger.notice("the lock is renewed again") }
                lastWarning = nil
                return true
            case .lost(let record):
                logger.error(
                    "failed to update leader lock: it is lost",
                    metadata: ["holder": "\(record?.leader ?? "nobody")", "epoch": "\(record?.epoch ?? 0)"])
                held = nil
                watch.relinquishLock()
                return false
            }
        } catch {
            // Unknown: the lock is ours until the fence says otherwise, so ask again soon.
            warnOnce("could not renew the lock, trying until the fence falls: \(error)", &lastWarning)
            held?.nextRenewal = BootClock.now() + .milliseconds(200)
            giveUpIfOver(&held)
            return false
        }
    }

    private func release(heir: String?, position: LSN?, _ held: inout Held?) async -> Bool {
        guard let current = held else { return false }
        let timings = terms().timings
        do {
            let released = try await store.release(
                current.record, heir: heir, position: position, deadline: BootClock.now() + timings.retryTimeout)
            held = nil
            watch.relinquishLock()
            return released
        } catch {
            // The lock then runs out by itself; the server is stopped, so nobody is harmed by the wait.
            logger.warning("could not release the lock; it runs out by itself", metadata: ["error": "\(error)"])
            held = nil
            watch.relinquishLock()
            return false
        }
    }

    /// The fence falls at this very moment in init; here we only stop believing.
    private func giveUpIfOver(_ held: inout Held?) {
        guard let current = held, BootClock.now() >= current.sentAt + terms().timings.fenceDelay else { return }
        logger.error("the lock was not renewed in time and is given up")
        held = nil
        watch.relinquishLock()
    }

    private func arm(from sentAt: BootInstant, _ timings: Timings) -> Bool {
        guard let fence else { return true }
        do {
            try fence.arm(until: sentAt + timings.fenceDelay)
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
