import HighAvailability
import Units

extension PostgresServer {
    // MARK: Commits

    /// A client's commit.
    ///
    /// - Parameter done: true when the client was told that it is committed; false, or never, when it was not.
    func commit(size: UInt64, done: @escaping (Bool) -> Void) {
        guard process == .primary, !holdsOutUsers else { return done(false) }
        guard canWrite(orLater: { [self] in commit(size: size, done: done) }) else { return }
        write(size)
        ship()
        let (branch, position) = (branch, flushed)
        if commitsWait {
            waiting.append(WaitingCommit(branch: branch, position: position, done: done))
            release()
        } else {
            world.schedule(after: world.random.next(in: 300...2500), owner) { [self] in
                acknowledge(branch, position, done)
            }
        }
    }

    /// Tells a client. From here on the commit may not be lost.
    func acknowledge(_ branch: Int, _ position: UInt64, _ done: (Bool) -> Void) {
        // A renewal that was answered after the thaw has raised the fence again: it reigns on.
        if reign < 0, host.isFenced, world.checker.reigningPod == pod { reign = world.checker.reign }
        if reign < world.checker.reign {
            // The one gap there is: a machine that stood still does not know it, and init runs no sooner than a backend.
            if host.isJustThawed {
                world.checker.lateAfterThaw += 1
                if !world.checker.isSynchronous { return done(true) }
                // It was promoted as it thawed, and who reigned last is no successor: the record lets nobody but it be elected,
                // so this commit has to be on every later primary as any other has.
                if reign < 0, world.api.synchronous?.leader == world.name(host.member) {
                    world.checker.acknowledge(branch, position, at: world.now)
                    return done(true)
                }
                let leader = world.pods[world.checker.reigningPod].server
                // Nobody was asked for a seal, because somebody asked for exactly this.
                if leader.host.isElectedAtLoss { return done(true) }
                if !world.log.contains(leader.branch, leader.flushed, branch, position) {
                    return world.violate(
                        .acknowledgedCommitLost,
                        "\(world.name(host.member)), just thawed, acknowledged \(position), which its successor lacks")
                }
                return done(true)
            } else {
                world.violate(
                    .acknowledgedAfterPromotion,
                    "\(world.name(host.member)) (Pod \(pod)) acknowledged \(position) of timeline \(timeline) in reign \(reign) "
                        + "after reign \(world.checker.reign) began on Pod \(world.checker.reigningPod)")
            }
        }
        world.checker.acknowledge(branch, position, at: world.now)
        done(true)
    }

    /// Releases commits that their standbys have confirmed.
    func release() {
        guard !waiting.isEmpty else { return }
        let flushed = senders.map { (member: world.pods[$0.pod].member, position: $0.acknowledged) }
        // With the flag still set and nobody named, nobody releases anything.
        while let first = waiting.first,
            !commitsWait || (rule.isRequired && rule.isSatisfied(at: first.position, by: flushed))
        {
            waiting.removeFirst()
            world.schedule(after: world.random.next(in: 50...800), owner) { [self] in
                acknowledge(first.branch, first.position, first.done)
            }
        }
    }

    /// A reload with other names: sessions see them at once, each walsender when it has read them, the checkpointer when it has
    /// written the checkpoint it is at.
    func apply(_ names: SynchronousStandbyNames) {
        self.names = names
        world.checkSynchronousSet()
        guard hasPostmaster else {
            rule = SynchronousRule(names)
            return
        }
        world.schedule(after: world.random.next(in: 500...60_000), owner) { [self] in apply(SynchronousRule(self.names))
        }
        guard world.plan.synchronous.mode != .off else { return }
        if world.random.happens(perMille: 250) {
            checkpointerIsBusyUntil = world.now + world.random.next(in: 100_000...20_000_000)
        }
        passCheckpointer(within: 500...60_000) {}
    }

    /// Done when the checkpointer has read the configuration after this was called.
    func passCheckpointer(within delay: ClosedRange<Int64> = 5_000...200_000, done: @escaping () -> Void) {
        let busy = max(0, checkpointerIsBusyUntil - world.now)
        world.schedule(after: busy + world.random.next(in: delay), owner) { [self] in readNames(done) }
    }

    /// The checkpointer writes, or waits for its volume, before it reads anything.
    private func readNames(_ done: @escaping () -> Void) {
        guard canWrite(orLater: { [self] in readNames(done) }) else { return }
        commitsWait = names.count > 0
        release()
        done()
    }

    func apply(_ rule: SynchronousRule) {
        self.rule = rule
        release()
    }

    func beginReign(isPromotion: Bool, former: (branch: Int, position: UInt64)? = nil) {
        guard host.isFenced else {
            guard host.isJustThawed else {
                return world.violate(
                    .promotionWithoutLock, "\(world.name(host.member)) became primary and nothing would end it")
            }
            // It was starting or promoting when it froze; init is about to kill it. It reigns over nobody.
            reign = -1
            return
        }
        let (branch, position) = former ?? (branch, flushed)
        let (reign, missing) = world.checker.beginReign(of: pod, world.log, branch, position)
        self.reign = reign
        world.writePinned(to: self)
        if isPromotion { world.checker.promotions += 1 }
        world.note(
            "\(world.name(host.member)) is primary on timeline \(timeline) at \(flushed), reign \(reign), lacks \(missing.count)"
        )
        world.mark(Int(flushed))
        guard let first = missing.first else { return }
        if host.isElectedAtLoss {
            world.checker.lostByRequest += missing.count
        } else if world.checker.isSynchronous {
            world.violate(
                .acknowledgedCommitLost,
                "\(world.name(host.member)) became primary without \(missing.count) acknowledged commits, the first at \(first.position)"
            )
        } else if host.wasNamedHeir || world.plan.budget == .plannedOnly {
            world.violate(
                .plannedLoss,
                "\(world.name(host.member)) was handed the lock and lacks \(missing.count) acknowledged commits, the first at \(first.position)"
            )
        }
    }

    // MARK: Copies

    /// initdb.
    func initialize(done: @escaping (Bool) -> Void) {
        life += 1
        world.schedule(after: world.random.next(in: 200_000...900_000), owner) { [self] in
            data = .initialized
            systemIdentifier = "7300000000000\(100 + world.nextIdentifier())"
            (branch, received, flushed) = (0, 0, 0)
            write(1000)
            (isMarkedStandby, isClean, checkpoint) = (false, true, 900)
            done(true)
        }
    }

    /// pg_basebackup: what the source has at the end is what the copy begins with.
    func clone(from source: PostgresServer, done: @escaping (Bool) -> Void) {
        copy(from: source, lasting: 300_000...2_500_000, ifBroken: .none, done: done)
    }

    /// pg_rewind: only from a running primary that has completed a checkpoint.
    func rewind(from source: PostgresServer, done: @escaping (Bool) -> Void) {
        copy(from: source, lasting: 100_000...1_500_000, ifBroken: .damaged, done: done)
    }

    private func copy(
        from source: PostgresServer, lasting: ClosedRange<Int64>, ifBroken broken: Data, done: @escaping (Bool) -> Void
    ) {
        kill()
        life += 1
        data = broken
        let sourceLife = source.life
        world.schedule(after: world.random.next(in: lasting), owner) { [self] in
            guard source.life == sourceLife, source.isAnswering, !source.host.isFrozen(.server),
                world.network.connects(host.node, source.host.node)
            else { return done(false) }
            data = .initialized
            systemIdentifier = source.systemIdentifier
            (branch, received, flushed) = (source.branch, source.flushed, source.flushed)
            (isMarkedStandby, isClean, checkpoint) = (true, true, source.flushed)
            done(true)
        }
    }
}
