import HighAvailability
import Units

extension Agent {
    /// Does what was decided. Only starts what takes long.
    func carryOut(_ decision: Decision, _ observation: Observation) {
        switch decision.action {
        case .wait: prepareToTakeOver(observation)
        case .refuse: break
        // No simulated cluster follows another one.
        case .bootstrapStandby, .followRemote, .leadStandby, .demoteCluster: break
        case .bootstrap: begin(.bootstrapping) { bootstrap($0) }
        case .clone(let leader): begin(.cloning) { clone(leader, $0) }
        case .race: begin(.racing) { race($0) }
        case .acquire: begin(.racing) { acquireWithoutRace($0) }
        case .startPrimary: begin(.startingPrimary) { startPrimary($0) }
        case .startStandby(let leader): begin(.startingStandby) { startStandby(leader, $0) }
        case .promote: begin(.promoting) { promote($0) }
        case .lead: lead(observation)
        // No member here is tagged: the source is the leader.
        case .follow(let leader, _), .rejoin(let leader, _): begin(.rejoining) { rejoin(leader, $0) }
        case .demote:
            guard activity != .demoting else { return }
            begin(.demoting) { killServer($0) }
        case .recover: begin(.recovering) { postgres.recover(done: onAgent($0)) }
        case .handOver(let candidate, let requestID):
            let request = observation.cluster.failover
            begin(.handingOver) { handOver(to: candidate, requestID, request, $0) }
        case .refuseHandOver, .finishHandOver: refuseHandOver(observation)
        case .restart: begin(.restarting) { killServer($0) }
        case .restartInPlace(let order):
            if case .primary = server {
                begin(.restartingPrimary) { restartPrimary(order, $0) }
            } else {
                begin(.restartingStandby) { restartStandby(order, $0) }
            }
        case .answerRestart(let report): restartReport = report
        case .release: begin(.racing) { release(ReleasePlan(observation), $0) }
        case .shutDown: begin(.stopping) { shutDown($0) }
        }
    }

    /// What a server's end of some work means to the agent: it hears of it, if it still cares.
    func onAgent(_ done: @escaping (Bool) -> Void) -> (Bool) -> Void {
        let number = activityNumber
        return { [self] succeeded in
            after(world.random.next(in: 100...1_500)) { [self] in if activityNumber == number { done(succeeded) } }
        }
    }

    // MARK: The election

    func race(_ done: @escaping (Bool) -> Void) {
        readFreeLock(done) { [self] record in
            let view = currentView()
            askForVotes(over: record, view, done) { [self] mine, others, reports, election in
                if mustAwaitEverybody(view.initialization, asked: others.count, answered: reports.count) {
                    return standBack(done)
                }
                readStanding(view.failover) { [self] request in
                    let verdict = judgeCandidacy(
                        Candidacy(
                            me: mine, others: reports, lastKnownPosition: record?.position,
                            recordedTimeline: currentView().recordedTimeline,
                            maximumLag: view.configuration.maximumLagOnFailover, synchronous: election,
                            request: request, largestBacklog: Self.largestBacklog))
                    switch verdict {
                    case .yield(let reason):
                        world.note("\(me): \(reason)")
                        standBack(done)
                    case .run, .runAtLoss:
                        electedOver = election?.record
                        noteLoss(verdict, over: election?.record)
                        take(over: record) { [self] taken in
                            if taken, standing().isMine { wonRequest = won(request, over: record) }
                            done(taken)
                        }
                    }
                }
            }
        }
    }

    private func won(_ request: FailoverRequest?, over record: LockRecord?) -> WonRequest? {
        let former = record?.leader ?? view.history.last?.newLeader
        return request?.due.map { WonRequest(request: $0, former: former, loss: nil) }
    }

    /// The request the election answers, if a live read shows it too.
    private func readStanding(_ request: FailoverRequest?, _ then: @escaping (FailoverRequest?) -> Void) {
        guard let request else { return then(nil) }
        let number = activityNumber
        world.request(pod, timeout: 2_500_000) { world -> APIOutcome<FailoverRequest?> in
            .answered(world.api.failover)
        } _: { [self] outcome in
            guard activityNumber == number else { return }
            guard case .answered(let read) = outcome, read == request else { return then(nil) }
            then(request)
        }
    }

    /// For the checker: who lost the lock again between a forced failover and its promotion is the recorded leader by what
    /// the failover cost, and costs nothing more when it is elected for that.
    private func noteLoss(_ verdict: CandidacyVerdict, over record: SynchronousState?) {
        if case .runAtLoss = verdict {
            pod.isElectedAtLoss = true
        } else if record?.leader != me || world.checker.reigningPod == pod.server.pod {
            pod.isElectedAtLoss = false
        }
    }

    private func acquireWithoutRace(_ done: @escaping (Bool) -> Void) {
        readFreeLock(done) { [self] record in
            readElection(over: record, done) { [self] election in
                if let election, election.needsVote(of: me, over: record) { return race(done) }
                electedOver = election?.record
                take(over: record, done)
            }
        }
    }

    /// A live read of the lock. Only a lock that is free in it may be taken, and only over this very version.
    private func readFreeLock(_ done: @escaping (Bool) -> Void, _ then: @escaping (LockRecord?) -> Void) {
        let number = activityNumber
        read(after: .zero, deadline: now + timings.retryTimeout) { [self] outcome in
            guard activityNumber == number else { return }
            guard case .answered(let record) = outcome else { return done(false) }
            learn(record)
            let standing = station.standing(of: record, at: now, ttl: timings.ttl)
            guard standing?.isFree ?? false else { return done(true) }
            then(record)
        }
    }

    private func take(over record: LockRecord?, _ done: @escaping (Bool) -> Void) {
        publishedTimeline = nil
        wonRequest = nil
        let isHeir = record?.heir == me
        lookWhetherListIsGone(record, done) { [self] listIsGone in take(over: record, isHeir, listIsGone, done) }
    }

    private func take(
        over record: LockRecord?, _ isHeir: Bool, _ listIsGone: Bool, _ done: @escaping (Bool) -> Void
    ) {
        let number = activityNumber
        submit(
            .acquire(over: record, listIsGone: listIsGone) { [self] outcome in
                guard activityNumber == number else { return }
                guard case .held(let held, _) = outcome else { return standBack(done) }
                standsBackUntil = nil
                hasCheckpointSincePromotion = true
                wasNamedHeir = isHeir
                world.note("\(me): took the lock, epoch \(held.epoch)")
                done(true)
            })
    }

    func standBack(_ done: (Bool) -> Void) {
        standsBackUntil = now + Grace.standBack
        done(true)
    }

    /// Asks members where they are; who has not answered within a second is left out.
    ///
    /// - Parameter seal: asks for a promise as well; who refuses tells its position all the same.
    func askPositions(
        _ names: [String], of view: ClusterView, sealing seal: Seal? = nil, _ then: @escaping ([PositionReport]) -> Void
    ) {
        let number = activityNumber
        var answers: [PositionReport] = []
        var pending = names.count
        var isOver = false
        let finish = { [self] in
            guard !isOver, activityNumber == number else { return }
            isOver = true
            then(answers.sorted { $0.name < $1.name })
        }
        guard !names.isEmpty else { return finish() }
        for name in names {
            guard let target = peer(view.members[name]), target.agent != nil else { continue }
            world.schedule(after: world.hop(), target.agentOwner) { [self] in
                guard world.network.passes(pod.node, target.node), let agent = target.agent else { return }
                agent.answer(sealing: seal) { [self] report in
                    guard let report else { return }
                    world.schedule(after: world.hop(), owner) { [self] in
                        guard world.network.passes(target.node, pod.node), !isOver else { return }
                        answers.append(report)
                        pending -= 1
                        if pending == 0 { finish() }
                    }
                }
            }
        }
        after(seal == nil ? .seconds(1) : 2_500_000) { finish() }
    }

    /// Who answers at the address a member has published.
    func peer(_ member: Member?) -> Pod? {
        guard let host = member?.host, let index = Int(host.dropFirst()), world.pods.indices.contains(index) else {
            return nil
        }
        return world.pods[index]
    }

    // MARK: Becoming the primary

    func startPrimary(_ done: @escaping (Bool) -> Void) {
        takeOverSynchronous(isRestart: true, done) { [self] in
            guard standing().isMine else { return done(false) }
            postgres.start(
                asPrimary: true, upstream: nil,
                done: onAgent { [self] started in
                    guard started else { return done(false) }
                    hasCheckpointSincePromotion = true
                    unannounced = nil
                    takeOffice(done)
                })
        }
    }

    private func promote(_ done: @escaping (Bool) -> Void) {
        guard case .standby(let before) = server else { return done(false) }
        takeOverSynchronous(isRestart: false, done) { [self] in promote(from: before, done) }
    }

    private func promote(from before: RunningServer, _ done: @escaping (Bool) -> Void) {
        guard standing().isMine else { return done(false) }
        hasCheckpointSincePromotion = false
        unannounced = TimelineSwitch(
            timeline: before.timeline, position: before.position, reason: "no recovery target specified", newLeader: me)
        postgres.promote(
            done: onAgent { [self] promoted in
                guard promoted else { return done(false) }
                takeOffice(done)
            })
    }

    /// First the store, then the route, then the rest.
    private func takeOffice(_ done: @escaping (Bool) -> Void) {
        guard postgres.process == .primary, pod.frozenServer == 0 else { return done(false) }
        let running = runningServer()
        followed = nil
        publishedTimeline = running.timeline
        publishedPosition = running.position
        server = .primary(running)
        let number = activityNumber
        submit(
            .renew { [self] renewed in
                guard activityNumber == number else { return }
                guard renewed else { return done(false) }
                publish(isTakingOffice: true)
                announce()
                finishWonRequest()
                done(true)
            })
    }

    /// Whatever failed while it took office is made up for while it leads.
    private func announce() {
        if !hasCheckpointSincePromotion, !isCheckpointing {
            isCheckpointing = true
            let reign = postgres.reign
            after(world.random.next(in: 50_000...1_500_000)) { [self] in
                isCheckpointing = false
                guard postgres.process == .primary, postgres.reign == reign else { return }
                hasCheckpointSincePromotion = true
                wake()
            }
        }
        guard let change = unannounced ?? postgres.beginning(by: me) else { return }
        guard !view.history.contains(where: { $0.timeline == change.timeline && $0.newLeader == me }) else {
            unannounced = nil
            return
        }
        let history = view.history + [change]
        world.request(pod, timeout: 2_500_000) { world -> APIOutcome<Void> in
            world.changeSettings { $0.history = history }
            return .answered(())
        } _: { [self] outcome in
            if case .answered = outcome, unannounced == change { unannounced = nil }
        }
    }

    // MARK: Being the primary

    private func lead(_ observation: Observation) {
        if case .done = observation.cluster.initialization {
        } else {
            let identifier = postgres.systemIdentifier
            world.request(pod, timeout: 2_500_000) { world -> APIOutcome<Void> in
                world.changeSettings { $0.initialization = .done(systemIdentifier: identifier) }
                return .answered(())
            } _: { _ in
            }
        }
        publishedTimeline = Timeline(rawValue: postgres.timeline)
        announce()
        electedOver = nil
        keepSynchronous(observation)
        for name in observation.cluster.members.keys.sorted() where name != me {
            guard observation.cluster.members[name]?.isLabelledPrimary == true,
                let member = RunPlan.names.firstIndex(of: name)
            else { continue }
            world.request(pod, timeout: .seconds(3)) { world -> APIOutcome<Void> in
                world.changePod(member) { $0.isLabelledPrimary = false }
                return .answered(())
            } _: { _ in
            }
        }
    }

    // MARK: Standing down

    /// Kills every process of the data directory, then takes the fence down.
    func killServer(_ done: @escaping (Bool) -> Void) {
        after(
            world.random.next(in: 2_000...30_000),
            guarded { [self] in
                postgres.kill()
                followed = nil
                step { $0.lowerFence(at: $1) }
                done(true)
            })
    }

    private func release(_ plan: ReleasePlan, _ done: @escaping (Bool) -> Void) {
        let release = { [self] in
            submit(
                .release(heir: nil, position: nil) { [self] _ in
                    after(timings.retryTimeout.microseconds) { done(true) }
                })
        }
        let proceed = { [self] in
            guard plan.endsServer(server) else { return release() }
            killServer { _ in release() }
        }
        // Nobody here restarts a server by hand; the lock is kept as long.
        guard let time = plan.timeForHand(server) else { return proceed() }
        after(time.microseconds, guarded(proceed))
    }

    func finish(_ request: FailoverRequest?) {
        guard let request else { return }
        world.request(pod, timeout: 2_500_000) { world -> APIOutcome<Void> in
            if world.api.failover == request { world.changeFailover(nil) }
            return .answered(())
        } _: { _ in
        }
    }

    private func refuseHandOver(_ observation: Observation) {
        finish(observation.cluster.failover)
    }
}
