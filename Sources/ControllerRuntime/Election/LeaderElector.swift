import KubernetesClient
import KubernetesModels
public import Logging
import Observability

/// Runs some work on one of several processes at a time.
///
/// - Guarantees: the work is told to stop no later than `renewDeadline` after the last confirmed renewal was sent, while others
///   wait `leaseDuration`; what remains between the two is the margin for work that ends late.
/// - Requires: a clock that counts suspend, such as `ContinuousClock` on Linux.
public struct LeaderElector<C: Clock<Duration>>: Sendable {
    /// How a term ended.
    public enum Outcome: Sendable, Equatable {
        /// The work returned or the task was cancelled; the lease was released if the API server could be reached.
        case released
        /// Renewal failed for too long or somebody else took the lease; the work was cancelled and has returned.
        case lost
    }

    private let name: String
    private let identity: String
    private let leases: any LeaseStore
    private let timings: ElectionTimings
    private let clock: C
    private let metrics: ElectionMetrics?
    private let logger: Logger

    /// - Parameters:
    ///   - name: of the lease, for logs and metrics.
    ///   - identity: unique per process start: Pod name and a random part, see ``identity(podName:)``.
    public init(
        name: String, identity: String, leases: any LeaseStore, timings: ElectionTimings = ElectionTimings(), clock: C,
        metrics: ElectionMetrics? = nil, logger: Logger = Logger(label: "matriarch.election")
    ) {
        self.name = name
        self.identity = identity
        self.leases = leases
        self.timings = timings
        self.clock = clock
        self.metrics = metrics
        self.logger = logger
    }

    /// Waits until this process leads, then runs `lead`; once.
    ///
    /// - Cancellation: while waiting, returns; while leading, cancels `lead`, waits for it and releases the lease.
    /// - Throws: what `lead` throws, after the release.
    public func run(_ lead: @escaping @Sendable () async throws -> Void) async throws -> Outcome {
        metrics?.status.set(name, to: 0)
        var machine = LeaderElectionStateMachine<C.Instant>(identity: identity, timings: timings)
        guard await acquire(&machine) else { return .released }
        logger.notice("leading", metadata: ["lease": "\(name)", "identity": "\(identity)"])
        metrics?.status.set(name, to: 1)
        defer { metrics?.status.set(name, to: 0) }

        let (renewed, result) = await hold(machine, lead)
        machine = renewed
        guard machine.isLeader else {
            logger.error("the lease was lost", metadata: ["lease": "\(name)", "identity": "\(identity)"])
            return .lost
        }
        await release(&machine)
        try result.get()
        return .released
    }

    // MARK: Following

    private func acquire(_ machine: inout LeaderElectionStateMachine<C.Instant>) async -> Bool {
        let changed = WakeSignal()
        var lastHolder: String?
        return await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.followChanges(changed) }
            defer { group.cancelAll() }
            while !Task.isCancelled {
                switch await attempt(&machine) {
                case .confirmed: return true
                case .waiting(let until, let holder):
                    if holder != lastHolder {
                        logger.info("following", metadata: ["lease": "\(name)", "holder": "\(holder)"])
                        lastHolder = holder
                    }
                    await changed.wait(until: until, clock: clock)
                case .failed:
                    await changed.wait(until: clock.now.advanced(by: timings.retryPeriod), clock: clock)
                }
            }
            return false
        }
    }

    /// Wakes the follower when the lease is released or deleted; plain renewals are not worth a request.
    private func followChanges(_ changed: WakeSignal) async {
        while !Task.isCancelled {
            do {
                for try await event in leases.changes() {
                    switch event {
                    case .added(let lease), .modified(let lease):
                        if (lease.spec?.holderIdentity ?? "").isEmpty { changed.wake() }
                    case .deleted: changed.wake()
                    case .bookmark: break
                    }
                }
            } catch {
                logger.debug("cannot watch the lease", metadata: ["lease": "\(name)", "error": "\(error)"])
            }
            // Cancellation is the only error; a follower polls anyway, so the watch need not hurry back.
            do { try await clock.sleep(for: timings.retryPeriod) } catch { return }
        }
    }

    // MARK: Leading

    private enum Ending: Sendable {
        case work(Result<Void, any Error>)
        case renewals(LeaderElectionStateMachine<C.Instant>)
    }

    private func hold(
        _ machine: LeaderElectionStateMachine<C.Instant>, _ lead: @escaping @Sendable () async throws -> Void
    ) async -> (LeaderElectionStateMachine<C.Instant>, Result<Void, any Error>) {
        await withTaskGroup(of: Ending.self) { group in
            group.addTask {
                do {
                    try await lead()
                    return .work(.success(()))
                } catch {
                    return .work(.failure(error))
                }
            }
            group.addTask { .renewals(await self.renew(machine)) }
            var final = machine
            var result: Result<Void, any Error> = .success(())
            for await ending in group {
                switch ending {
                case .work(let outcome): result = outcome
                case .renewals(let state): final = state
                }
                group.cancelAll()
            }
            return (final, result)
        }
    }

    /// Renews until cancelled, or until leadership is lost.
    private func renew(
        _ start: LeaderElectionStateMachine<C.Instant>
    ) async -> LeaderElectionStateMachine<C.Instant> {
        var machine = start
        while !Task.isCancelled {
            guard let mustStopAt = machine.mustStopAt else { return machine }
            do { try await clock.sleep(for: timings.retryPeriod) } catch { return machine }
            guard let (attempted, step) = await renewal(machine, before: mustStopAt) else {
                if !Task.isCancelled { machine.lost() }
                return machine
            }
            machine = attempted
            switch step {
            case .confirmed: break
            case .waiting:
                machine.lost()
                return machine
            case .failed:
                if clock.now >= mustStopAt {
                    machine.lost()
                    return machine
                }
            }
        }
        return machine
    }

    /// One attempt, given up at the deadline.
    private func renewal(
        _ machine: LeaderElectionStateMachine<C.Instant>, before deadline: C.Instant
    ) async -> (LeaderElectionStateMachine<C.Instant>, Step)? {
        await withTaskGroup(of: (LeaderElectionStateMachine<C.Instant>, Step)?.self) { group in
            group.addTask {
                var machine = machine
                let step = await self.attempt(&machine)
                return (machine, step)
            }
            group.addTask {
                // Cancellation is the only error, and means that the attempt came first.
                do { try await self.clock.sleep(until: deadline, tolerance: nil) } catch { return nil }
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }

    private func release(_ machine: inout LeaderElectionStateMachine<C.Instant>) async {
        guard let (spec, resourceVersion) = machine.release(time: .now()) else { return }
        // Unstructured, because this task is usually cancelled by now and the release must go out all the same. Bounded by
        // the store's own deadlines.
        let task = Task { try await self.write(release: spec, resourceVersion: resourceVersion) }
        do {
            try await task.value
            logger.notice("released the lease", metadata: ["lease": "\(name)", "identity": "\(identity)"])
        } catch {
            logger.warning("cannot release the lease", metadata: ["lease": "\(name)", "error": "\(error)"])
        }
    }

    private func write(release spec: LeaseSpec, resourceVersion: String) async throws {
        do {
            _ = try await leases.replace(spec, resourceVersion: resourceVersion)
        } catch let error as KubernetesError where error.isConflict {
            // A renewal that was cancelled on this side may have landed all the same.
            guard let lease = try await leases.read(), lease.spec?.holderIdentity == identity,
                let current = lease.metadata.resourceVersion
            else { return }
            _ = try await leases.replace(spec, resourceVersion: current)
        }
    }

    // MARK: One attempt

    private enum Step: Sendable {
        case confirmed
        case waiting(until: C.Instant, holder: String)
        case failed
    }

    private func attempt(_ machine: inout LeaderElectionStateMachine<C.Instant>) async -> Step {
        do {
            if try await renewDirectly(&machine) { return .confirmed }
            let lease = try await leases.read()
            let sentAt = clock.now
            switch machine.decide(lease, now: sentAt, time: .now()) {
            case .wait(let until, let holder): return .waiting(until: until, holder: holder)
            case .create(let spec): machine.wrote(try await leases.create(spec), sentAt: sentAt)
            case .write(let spec, let resourceVersion):
                machine.wrote(try await leases.replace(spec, resourceVersion: resourceVersion), sentAt: sentAt)
            }
            return .confirmed
        } catch {
            // A conflict, too: the next read tells who won, also whether a write with a lost answer was ours.
            if !Task.isCancelled {
                logger.warning("an attempt on the lease failed", metadata: ["lease": "\(name)", "error": "\(error)"])
            }
            return .failed
        }
    }

    /// One request instead of two, for a leader nobody interferes with.
    /// - Returns: false when a read has to come first.
    private func renewDirectly(_ machine: inout LeaderElectionStateMachine<C.Instant>) async throws -> Bool {
        guard let (spec, resourceVersion) = machine.renewal(time: .now()) else { return false }
        let sentAt = clock.now
        do {
            machine.wrote(try await leases.replace(spec, resourceVersion: resourceVersion), sentAt: sentAt)
            return true
        } catch let error as KubernetesError where error.isConflict || error.isNotFound {
            return false
        }
    }
}

extension LeaderElector {
    /// `pod-name_4f1c09a2b3d4e5f6`: the random part makes a restarted process another holder.
    public static func identity(podName: String) -> String {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        return podName + "_" + String(repeating: "0", count: 16 - digits.count) + digits
    }
}
