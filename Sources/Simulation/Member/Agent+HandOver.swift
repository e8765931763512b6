import HighAvailability
import Units

extension Agent {
    /// In place of ``Backlog/large``: a simulated cluster writes about a megabyte in its life.
    static let largestBacklog = ByteCount(rawValue: 20_000)

    /// A planned change of leader: choose, checkpoint, choose again, stop in order, wait for the heir, release in its name.
    func handOver(
        to candidate: String?, _ requestID: String?, _ request: FailoverRequest?, _ done: @escaping (Bool) -> Void
    ) {
        let isForced = request?.isForced ?? false
        chooseNow(candidate) { [self] chosen in
            guard chosen != nil else {
                finish(request)
                return done(false)
            }
            readElectable { [self] electable in
                guard case .answered(let electable) = electable else {
                    finish(request)
                    return done(false)
                }
                receivingHeir(candidate, among: electable, isForced: isForced, isLeaving: false) { [self] heir in
                    guard let heir, standing().isMine else {
                        finish(request)
                        return done(false)
                    }
                    take(request) { [self] isTaken in
                        guard isTaken else {
                            finish(request)
                            return done(false)
                        }
                        stopAndRelease(heir, done)
                    }
                }
            }
        }
    }

    /// It may have been withdrawn or replaced while this member got ready.
    private func take(_ request: FailoverRequest?, _ then: @escaping (Bool) -> Void) {
        guard let request else { return then(true) }
        let number = activityNumber
        world.request(pod, timeout: 2_500_000) { world -> APIOutcome<Bool> in
            guard world.api.failover == request else { return .answered(false) }
            world.changeFailover(nil)
            return .answered(true)
        } _: { [self] outcome in
            guard activityNumber == number else { return }
            if case .answered(true) = outcome { then(true) } else { then(false) }
        }
    }

    /// Who may lead and receives now; what shows it is the record of a checkpoint, and this leader waits a while for it.
    private func receivingHeir(
        _ wanted: String?, among electable: Set<String>?, isForced: Bool = false, isLeaving: Bool,
        _ then: @escaping (String?) -> Void
    ) {
        after(
            world.random.next(in: 5_000...80_000),
            guarded { [self] in
                postgres.checkpointOnline()
                let (goal, deadline) = (LSN(rawValue: postgres.flushed), now + Grace.heirReceives)
                func look() {
                    lookForHeir(
                        wanted, among: electable, past: goal, isForced: isForced, mayWait: now < deadline,
                        isLeaving: isLeaving
                    ) { [self] step in
                        switch step {
                        case .handOver(let heir)?: then(heir)
                        case HeirStep.none?, nil: then(nil)
                        case .wait?: after(20_000, guarded { look() })
                        }
                    }
                }
                look()
            })
    }

    private func lookForHeir(
        _ wanted: String?, among electable: Set<String>?, past goal: LSN, isForced: Bool = false, mayWait: Bool,
        isLeaving: Bool, _ then: @escaping (HeirStep?) -> Void
    ) {
        let view = currentView()
        guard let mine = reportPosition() else { return then(nil) }
        let others = view.members.values.filter { $0.name != me && !$0.isBeingDeleted }.map(\.name).sorted()
        askPositions(others, of: view) { reports in
            then(
                judgeHeir(
                    wanted: wanted, leader: mine, reports: reports, past: goal,
                    maximumLag: view.configuration.maximumLagOnFailover, synchronous: electable,
                    largestBacklog: isForced ? nil : Self.largestBacklog, mayWait: mayWait, isLeaving: isLeaving))
        }
    }

    private func chooseNow(_ candidate: String?, _ then: @escaping (String?) -> Void) {
        let view = currentView()
        readElectable { [self] electable in
            guard case .answered(let members) = electable else { return then(nil) }
            chooseNow(candidate, view, among: members, then)
        }
    }

    /// Whom a leader may hand over to; nil when commits wait for nobody.
    private func readElectable(_ then: @escaping (APIOutcome<Set<String>?>) -> Void) {
        guard world.plan.synchronous.mode != .off else { return then(.answered(nil)) }
        readSynchronous { outcome in
            guard case .answered(let record) = outcome else { return then(.silent) }
            then(.answered(record?.electable))
        }
    }

    private func chooseNow(
        _ candidate: String?, _ view: ClusterView, among electable: Set<String>?, _ then: @escaping (String?) -> Void
    ) {
        guard let mine = reportPosition() else { return then(nil) }
        let others = view.members.values.filter { $0.name != me && !$0.isBeingDeleted }.map(\.name).sorted()
        askPositions(others, of: view) { reports in
            let choice = chooseHeir(
                wanted: candidate, leader: mine, reports: reports, maximumLag: view.configuration.maximumLagOnFailover,
                synchronous: electable)
            if case .success(let name) = choice { then(name) } else { then(nil) }
        }
    }

    private func stopAndRelease(_ heir: String, _ done: @escaping (Bool) -> Void) {
        stopCleanly(within: .seconds(30)) { [self] position in
            guard let position else { return done(false) }
            waitFor(heir, past: position, until: now + .seconds(10)) { [self] isThere in
                guard isThere else { return done(false) }
                submit(
                    .release(heir: heir, position: position) { [self] released in
                        if released {
                            world.note("\(me): released the lock to \(heir)")
                            step { $0.lowerFence(at: $1) }
                        }
                        done(released)
                    })
            }
        }
    }

    /// - Parameter then: the shutdown checkpoint; nil when the server did not stop in order, and was killed.
    func stopCleanly(within limit: Duration, _ then: @escaping (LSN?) -> Void) {
        var isOver = false
        let number = activityNumber
        postgres.stopFast(
            done: onAgent { [self] isClean in
                guard !isOver else { return }
                isOver = true
                then(isClean ? LSN(rawValue: postgres.checkpoint) : nil)
            })
        after(limit.microseconds) { [self] in
            guard !isOver, activityNumber == number else { return }
            isOver = true
            postgres.kill()
            then(nil)
        }
    }

    private func waitFor(
        _ heir: String, past position: LSN, until deadline: BootInstant, _ then: @escaping (Bool) -> Void
    ) {
        guard now < deadline else { return then(false) }
        askPositions([heir], of: currentView()) { [self] reports in
            // Positions are ends of records: past the checkpoint's start means that the heir has all of it.
            if let report = reports.first, report.position > position { return then(true) }
            after(10_000, guarded { [self] in waitFor(heir, past: position, until: deadline, then) })
        }
    }

    // MARK: The end of this member

    func stop() {
        isStopping = true
        if let activity, activity.isBrokenOffByStop {
            // Cancelled: whatever it was doing ends in failure, single-user mode with it.
            if activity == .recovering { postgres.kill(tools: true) }
            activityNumber += 1
            self.activity = nil
            healthyUntil = ServerHealth.renewable(afterActivityAt: now, timings)
        }
        wake()
    }

    func shutDown(_ done: @escaping (Bool) -> Void) {
        let end = { [self] in
            done(true)
            pod.agentEnded()
        }
        let plan = Shutdown(
            isLeader: standing().isMine, isPaused: view.configuration.isPaused, isStandbyLeader: false, timings)
        switch plan {
        case .leave(let limit):
            leaveSynchronous(until: now + limit) { [self] in stopCleanly(within: .seconds(40)) { _ in end() } }
        case .keepLock: stopCleanly(within: .seconds(40)) { _ in end() }
        case .handOver, .releaseThenStop: shutDownLeader(end)
        }
    }

    private func shutDownLeader(_ end: @escaping () -> Void) {
        chooseOnLeaving { [self] heir in
            let stopWithoutHeir = { [self] in
                stopCleanly(within: .seconds(30)) { [self] position in
                    guard Shutdown.mayLetGo(shutdownCheckpoint: position, record: view.synchronous, by: me) else {
                        return end()
                    }
                    submit(.release(heir: nil, position: position) { _ in end() })
                }
            }
            guard let heir else { return stopWithoutHeir() }
            stopAndRelease(heir) { released in
                if released { return end() }
                stopWithoutHeir()
            }
        }
    }

    /// Whom a leader that stops hands over to; nil: nobody is there, and no time is lost.
    private func chooseOnLeaving(_ then: @escaping (String?) -> Void) {
        readElectable { [self] electable in
            guard case .answered(let electable) = electable else { return then(nil) }
            lookForHeir(nil, among: electable, past: .invalid, mayWait: true, isLeaving: true) { [self] step in
                if case HeirStep.none? = step { return then(nil) }
                receivingHeir(nil, among: electable, isLeaving: true, then)
            }
        }
    }

    func stopWithoutStore(_ done: @escaping (Bool) -> Void) {
        stopCleanly(within: .seconds(40)) { [self] _ in
            done(true)
            pod.agentEnded()
        }
    }
}
