import HighAvailability
import Units

extension Agent {
    // MARK: A new cluster, a new member

    func bootstrap(_ done: @escaping (Bool) -> Void) {
        let others = view.members.keys.sorted().filter { $0 != me }
        askPositions(others, of: view) { [self] reports in
            guard !reports.contains(where: { $0.timeline.rawValue > 0 }) else { return done(false) }
            let me = me
            let number = activityNumber
            world.request(pod, timeout: 2_500_000) { world -> APIOutcome<Bool> in
                switch world.api.settings.initialization {
                case .never:
                    world.changeSettings { $0.initialization = .inProgress(by: me) }
                    return .answered(true)
                case .inProgress(let claimant): return .answered(claimant == me)
                case .done: return .answered(false)
                }
            } _: { [self] outcome in
                guard activityNumber == number else { return }
                guard case .answered(true) = outcome else { return done(false) }
                initialize(done)
            }
        }
    }

    private func initialize(_ done: @escaping (Bool) -> Void) {
        postgres.initialize(
            done: onAgent { [self] _ in
                world.checker.bootstraps += 1
                if world.checker.bootstraps > 1, case .done = world.api.settings.initialization {
                    world.violate(.twoBootstraps, "\(me) created a second cluster")
                }
                let identifier = postgres.systemIdentifier
                let number = activityNumber
                world.request(pod, timeout: 2_500_000) { world -> APIOutcome<Void> in
                    world.changeSettings { $0.initialization = .done(systemIdentifier: identifier) }
                    return .answered(())
                } _: { [self] outcome in
                    guard activityNumber == number else { return }
                    if case .answered = outcome { return done(true) }
                    // It leads nevertheless once it has the lock, and records it then.
                    done(false)
                }
            })
    }

    func clone(_ leader: String, _ done: @escaping (Bool) -> Void) {
        guard let source = peer(view.members[leader]), source.server.isAnswering else { return done(false) }
        postgres.clone(
            from: source.server,
            done: onAgent { [self] copied in
                guard copied else { return done(false) }
                follow(leader, done)
            })
    }

    // MARK: Following

    /// Brings this server behind the leader, by the least that works.
    func rejoin(_ leader: String, _ done: @escaping (Bool) -> Void) {
        if !postgres.hasPostmaster, case .stopped(let stopped) = server, stopped.wasPrimary, !stopped.isClean {
            return postgres.recover(
                done: onAgent { [self] recovered in
                    guard recovered else { return done(false) }
                    compare(leader, done)
                })
        }
        compare(leader, done)
    }

    private func compare(_ leader: String, _ done: @escaping (Bool) -> Void) {
        guard let source = peer(view.members[leader]) else { return done(false) }
        let number = activityNumber
        after(world.hop() * 2) { [self] in
            guard activityNumber == number else { return }
            let upstream = source.server
            guard upstream.isAnswering, !source.isFrozen(.server), world.network.connects(pod.node, source.node) else {
                return after(.seconds(2), guarded { done(false) })
            }
            switch divergence(from: upstream) {
            case .none: return follow(leader, done)
            case .copy: return bringBack(leader, upstream, mayRewind: false, done)
            case .rewind: break
            }
            guard view.members[leader]?.hasCheckpointSincePromotion ?? false, upstream.process == .primary else {
                return done(false)
            }
            bringBack(leader, upstream, mayRewind: true, done)
        }
    }

    private enum Divergence { case none, rewind, copy }

    /// By the history first, then as `LocalHistoryEnd.divergence` of the product: from the numbers alone.
    private func divergence(from upstream: PostgresServer) -> Divergence {
        if !postgres.hasPostmaster, case .stopped(let end) = filesState(), view.isOnUnrecordedCourse(end, of: me) {
            return .copy
        }
        guard !postgres.hasPostmaster, !postgres.isMarkedStandby else {
            return world.log.looksFollowable(
                postgres.timeline, postgres.received, by: upstream.branch, at: .max) ? .none : .rewind
        }
        if postgres.timeline == upstream.timeline { return .copy }
        return world.log.looksFollowable(postgres.timeline, postgres.checkpoint + 1, by: upstream.branch, at: .max)
            ? .none : .rewind
    }

    private func bringBack(
        _ leader: String, _ upstream: PostgresServer, mayRewind: Bool, _ done: @escaping (Bool) -> Void
    ) {
        world.note("\(me): has left \(leader)'s course")
        let finish = onAgent { [self] copied in
            guard copied else { return done(false) }
            follow(leader, done)
        }
        let copy = { [self] in
            if mayRewind, view.configuration.usesRewind { return postgres.rewind(from: upstream, done: finish) }
            postgres.clone(from: upstream, done: finish)
        }
        guard postgres.hasPostmaster else { return copy() }
        postgres.stopFast(done: onAgent { _ in copy() })
    }

    /// Points the server at the leader and starts it if it does not run.
    private func follow(_ leader: String, _ done: @escaping (Bool) -> Void) {
        guard let member = view.members[leader], let host = member.host, let upstream = peer(member) else {
            return done(false)
        }
        requireNoSeal(against: leader, done) { [self] in
            let leading = FollowedLeader(
                name: leader, epoch: station.record?.epoch ?? 0, object: station.record?.objectUID, host: host,
                port: member.port)
            bringUpStandby(upstream.index) { [self] isUp in
                if isUp { followed = leading }
                done(isUp)
            }
        }
    }

    func startStandby(_ leader: String?, _ done: @escaping (Bool) -> Void) {
        if let leader { return follow(leader, done) }
        followed = nil
        bringUpStandby(nil, done)
    }

    private func bringUpStandby(_ upstream: Int?, _ done: @escaping (Bool) -> Void) {
        let upstream = postgres.promise == nil ? upstream : nil
        guard !postgres.hasPostmaster else {
            if postgres.process == .standby { postgres.follow(upstream) }
            return done(true)
        }
        // A holder about to be promoted stays fenced.
        step { $0.lowerFence(at: $1) }
        postgres.start(asPrimary: false, upstream: upstream, done: onAgent(done))
    }
}
