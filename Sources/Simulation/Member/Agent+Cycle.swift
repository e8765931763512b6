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
            isElectedByRequest: wasNamedHeir || wonRequest?.request.candidate == me, wonRequest: wonRequest?.request,
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
                after: observation, lockExpiry: station.expiry(ttl: timings.ttl), isSilent: silentSince != nil,
                isSynchronousUnsettled: isSynchronousUnsettled))
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
            healthyUntil = ServerHealth.renewable(until: healthyUntil, after: .accepting, at: now, timings)
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
        guard ServerHealth.isSilentForTooLong(since: silentSince, at: now, timings) else { return }
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
        let availability = Availability(tags: tags, isStopping: isStopping, isBarred: isBarred)
        switch postgres.process {
        case .primary, .standby:
            guard pod.frozenServer == 0 else { return nil }
            let measured = MeasuredServer(
                isPrimary: postgres.process == .primary, timeline: Timeline(rawValue: postgres.timeline),
                position: LSN(rawValue: postgres.received), replayed: LSN(rawValue: postgres.replayed))
            return describePosition(of: me, measured, availability)
        case .startingPrimary, .startingStandby, .stopping:
            return nil
        case .none, .orphans:
            return describePosition(of: me, files: filesState(), activity: activity, in: view, availability)
        }
    }

    // MARK: Publishing

    /// What this member says of itself, and whether the Service leads to it.
    func publish(isTakingOffice: Bool = false) {
        let facts = PresenceFacts(
            server: server, activity: activity, isMine: standing().isMine, isTakingOffice: isTakingOffice,
            isStopping: isStopping, wasRouted: wish?.isRouted == true,
            isLabelledPrimary: view.members[me]?.isLabelledPrimary == true,
            isAnotherLabelledPrimary: view.members.values.contains { $0.name != me && $0.isLabelledPrimary })
        guard let presence = describePresence(facts, hasPostmaster: postgres.hasPostmaster) else { return }
        wish = Wish(
            role: presence.role, state: presence.state,
            timeline: presence.role == .uninitialized ? nil : Timeline(rawValue: postgres.timeline),
            hasCheckpoint: !presence.leads || hasCheckpointSincePromotion, label: presence.label,
            restart: answeredRestart)
        if let published, now - publishedAt > .seconds(2), let shown = view.members[me],
            !shown.shows(
                role: published.role, state: published.state, hasCheckpoint: published.hasCheckpoint,
                isLabelledPrimary: published.label == .unchanged ? nil : published.label == .primary)
        {
            // A write of ours that came late, or of somebody else.
            self.published = nil
        }
        keepPublishing(pause: 100_000)
    }

    private func keepPublishing(pause: Microseconds) {
        guard let wish, published.map({ !wish.isMet(by: $0) }) ?? true, !isPublishing else { return }
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
                if wish.label != .unchanged { pod.isLabelledPrimary = wish.label == .primary }
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
