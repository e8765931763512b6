import HighAvailability
import Units

extension Agent {
    /// Observe, decide, act, record.
    func cycle() {
        guard hasObjects, hasPods else {
            if isStopping, activity == nil { begin(.stopping) { stopWithoutStore($0) } }
            return endCycle(pause: .seconds(1))
        }
        refreshFailsafeList()
        guard activity == nil else { return act() }
        observe { [self] in act() }
    }

    private func act() {
        isKnownPrimary = if case .primary = server { true } else { false }
        lowerFenceWhenIdle()
        let observation = Observation(
            now: now, me: me, tags: tags, cluster: currentView(), lock: standing(), server: server, activity: activity,
            followed: followed, standsBackUntil: standsBackUntil, isStopping: isStopping,
            isFailsafeActive: station.held?.isByConsent ?? false,
            isElectedByRequest: wasNamedHeir || wonRequest?.candidate == me, wonRequest: wonRequest,
            answeredRestart: answeredRestart?.id, lockEnd: station.end)
        let decision = decide(observation)
        if decision.action != lastDecision?.action {
            world.note("\(me): \(decision.reason) [\(observation.lock)]")
            lastDecision = decision
        }
        carryOut(decision, observation)
        publish()
        endCycle(
            pause: longestPause(
                after: observation, lockExpiry: station.expiry(ttl: timings.ttl), isSilent: silentSince != nil
            )
            .limited(to: synchronousPause(observation)))
    }

    /// Nothing runs here and the lock is not this member's, but init may still have a deadline of a reign that is over: it
    /// would kill what comes next.
    private func lowerFenceWhenIdle() {
        guard station.fence == .raised, activity == nil, !server.hasProcess, !standing().isMine else { return }
        // Backends outlive a postmaster that was killed, and those the deadline is for.
        postgres.kill()
        step { $0.lowerFence(at: $1) }
    }

    func currentView() -> ClusterView {
        var view = view
        view.lock = station.record
        return view
    }

    // MARK: The local server

    private func observe(_ done: @escaping () -> Void) {
        guard postgres.hasPostmaster else {
            silentSince = nil
            server = filesState()
            return done()
        }
        // A frozen server answers nobody; the question has a deadline of a second.
        guard pod.frozenServer == 0 else {
            return after(.seconds(1)) { [self] in
                if postgres.hasPostmaster { noteSilence() } else { server = filesState() }
                done()
            }
        }
        after(world.random.next(in: 300...2_500)) { [self] in
            look()
            done()
        }
    }

    private func look() {
        switch postgres.process {
        case .none, .orphans:
            silentSince = nil
            server = filesState()
        case .startingPrimary, .startingStandby, .stopping:
            silentSince = nil
            server = .starting(systemIdentifier: postgres.systemIdentifier)
        case .primary, .standby:
            guard acceptsFreshConnections() else {
                noteSilence()
                return
            }
            silentSince = nil
            healthyUntil = now + timings.loopWait * 2
            let running = runningServer()
            if postgres.process == .primary { publishedTimeline = running.timeline }
            publishedPosition = postgres.process == .primary ? running.position : nil
            server = postgres.process == .primary ? .primary(running) : .standby(running)
        }
    }

    func runningServer() -> RunningServer {
        RunningServer(
            systemIdentifier: postgres.systemIdentifier, timeline: Timeline(rawValue: postgres.timeline),
            position: LSN(rawValue: postgres.received), isStreaming: postgres.connection != nil,
            postmasterStartTime: String(postgres.life))
    }

    /// A stopped postmaster still answers over old connections, so a new one is made regularly.
    private func acceptsFreshConnections() -> Bool {
        guard silentSince != nil || now >= nextFreshProbe else { return true }
        nextFreshProbe = now + timings.loopWait
        return pod.frozenPostmaster == 0
    }

    private func noteSilence() {
        if silentSince == nil { silentSince = now }
        guard let silentSince, now - silentSince >= min(timings.retryTimeout, .seconds(3)) else { return }
        server = .unresponsive(systemIdentifier: postgres.systemIdentifier)
    }

    func filesState() -> ServerState {
        switch postgres.data {
        case .none: .noData
        case .damaged: .damaged(by: "pg_rewind")
        case .detached: .unusable(reason: "the volume is gone")
        case .initialized:
            .stopped(
                StoppedServer(
                    systemIdentifier: postgres.systemIdentifier, timeline: Timeline(rawValue: postgres.timeline),
                    wasPrimary: !postgres.isMarkedStandby, isClean: postgres.isClean,
                    position: LSN(rawValue: postgres.isClean ? postgres.checkpoint : postgres.flushed)))
        }
    }

    /// Where this member is, measured now; nil when its server does not tell.
    func reportPosition() -> PositionReport? {
        let mayLead = tags.mayLead && !isStopping && !isBarred
        switch postgres.process {
        case .primary, .standby:
            guard pod.frozenServer == 0 else { return nil }
            return PositionReport(
                name: me, isPrimary: postgres.process == .primary, timeline: Timeline(rawValue: postgres.timeline),
                position: LSN(rawValue: postgres.received), replayed: LSN(rawValue: postgres.replayed),
                isEligible: mayLead)
        case .startingPrimary, .startingStandby, .stopping:
            return nil
        case .none, .orphans:
            guard case .stopped(let stopped) = filesState() else {
                guard case .noData = filesState() else { return nil }
                return PositionReport(
                    name: me, isPrimary: false, timeline: Timeline(rawValue: 0), position: .invalid, replayed: .invalid,
                    isEligible: false)
            }
            return PositionReport(
                name: me, isPrimary: false, timeline: stopped.timeline, position: stopped.position,
                replayed: stopped.position,
                isEligible: mayLead && stopped.wasPrimary && stopped.isClean
                    && !view.isOnUnrecordedCourse(stopped, of: me) && (activity == nil || activity == .racing))
        }
    }

    // MARK: Publishing

    /// What this member says of itself, and whether the Service leads to it.
    func publish(isTakingOffice: Bool = false) {
        let isPrimary: Bool
        let isRunning: Bool
        switch server {
        case .primary: (isPrimary, isRunning) = (true, true)
        case .standby: (isPrimary, isRunning) = (false, true)
        case .noData, .unusable, .damaged, .stopped, .starting, .unresponsive: (isPrimary, isRunning) = (false, false)
        }
        let isMine = standing().isMine
        let busy = isTakingOffice ? nil : activity
        let leads = isMine && isPrimary && (busy == nil || busy == .handingOver)
        let hasData: Bool
        switch server {
        case .noData, .unusable, .damaged: hasData = false
        case .stopped, .starting, .primary, .standby, .unresponsive: hasData = true
        }
        let role: MemberRole =
            leads || (isMine && busy == .restartingPrimary)
            ? .primary
            : isRunning && !isPrimary ? .replica : hasData ? (isPrimary ? .demoted : .replica) : .uninitialized
        wish = Wish(
            role: role, state: isRunning && (busy == nil || busy == .handingOver) ? .running : .stopped,
            timeline: hasData ? Timeline(rawValue: postgres.timeline) : nil,
            hasCheckpoint: !leads || hasCheckpointSincePromotion,
            isPrimaryLabelled: leads || (isMine && view.members[me]?.isLabelledPrimary == true),
            restart: answeredRestart)
        if let published, now - publishedAt > .seconds(2), let shown = view.members[me],
            !shown.shows(
                role: published.role, state: published.state, hasCheckpoint: published.hasCheckpoint,
                isLabelledPrimary: published.isPrimaryLabelled)
        {
            // A write of ours that came late, or of somebody else.
            self.published = nil
        }
        keepPublishing(pause: 100_000)
    }

    private func keepPublishing(pause: Microseconds) {
        guard let wish, wish != published, !isPublishing else { return }
        isPublishing = true
        let (member, uid, address) = (pod.member, pod.uid, pod.address)
        world.request(pod, timeout: 2_500_000) { world -> APIOutcome<Void> in
            // A Pod that took our name over is not ours to speak for.
            guard world.api.pods[member]?.podUID == uid else { return .conflict }
            world.changePod(member) { pod in
                pod.host = address
                pod.apiURL = address
                pod.role = wish.role
                pod.state = wish.state
                pod.timeline = wish.timeline
                pod.hasCheckpointSincePromotion = wish.hasCheckpoint
                pod.isLabelledPrimary = wish.isPrimaryLabelled
                pod.restart = wish.restart
            }
            return .answered(())
        } _: { [self] outcome in
            isPublishing = false
            if case .answered = outcome {
                published = wish
                publishedAt = now
                return keepPublishing(pause: 100_000)
            }
            published = nil
            after(pause) { [self] in keepPublishing(pause: min(pause * 2, .seconds(2))) }
        }
    }
}
