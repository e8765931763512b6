import HighAvailability

extension Agent {
    /// A planned change of leader: choose, checkpoint, choose again, stop in order, wait for the heir, release in its name.
    func handOver(
        to candidate: String?, _ requestID: String?, _ request: FailoverRequest?, _ done: @escaping (Bool) -> Void
    ) {
        chooseNow(candidate) { [self] chosen in
            guard let chosen else {
                finish(request)
                return done(false)
            }
            after(
                world.random.next(in: 5_000...80_000),
                guarded { [self] in
                    chooseNow(candidate ?? chosen) { [self] heir in
                        finish(request)
                        guard let heir, standing().isMine else { return done(false) }
                        stopAndRelease(heir, done)
                    }
                })
        }
    }

    private func chooseNow(_ candidate: String?, _ then: @escaping (String?) -> Void) {
        let view = currentView()
        guard view.configuration.synchronous.mode != .off else { return chooseNow(candidate, view, among: nil, then) }
        readSynchronous { [self] outcome in
            guard case .answered(let record) = outcome else { return then(nil) }
            chooseNow(candidate, view, among: record.flatMap { $0.isActive ? $0.members : nil }, then)
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
                            pod.disarmFence()
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
        if let activity,
            [.cloning, .bootstrapping, .rejoining, .racing, .startingStandby, .restartingStandby].contains(activity)
        {
            // Cancelled: whatever it was doing ends in failure.
            activityNumber += 1
            self.activity = nil
        }
        wake()
    }

    func shutDown(_ done: @escaping (Bool) -> Void) {
        let end = { [self] in
            done(true)
            pod.agentEnded()
        }
        guard standing().isMine, !view.configuration.isPaused else {
            let deadline = now + max(timings.loopWait * 2, .seconds(3))
            return leaveSynchronous(until: deadline) { [self] in
                stopCleanly(within: .seconds(40)) { _ in end() }
            }
        }
        chooseNow(nil) { [self] heir in
            let stopWithoutHeir = { [self] in
                stopCleanly(within: .seconds(30)) { [self] position in
                    guard let position else { return end() }
                    submit(.release(heir: nil, position: position) { _ in end() })
                }
            }
            guard let heir else { return stopWithoutHeir() }
            after(
                world.random.next(in: 5_000...80_000),
                guarded { [self] in
                    stopAndRelease(heir) { released in
                        if released { return end() }
                        stopWithoutHeir()
                    }
                })
        }
    }

    func stopWithoutStore(_ done: @escaping (Bool) -> Void) {
        stopCleanly(within: .seconds(40)) { [self] _ in
            done(true)
            pod.agentEnded()
        }
    }
}
