import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import PostgresInstance
import Units

/// A cluster that follows another one: its leader is a standby of a remote server.
extension AgentLoop {
    /// What the settings name, as something to stream and copy from; nil when it is nothing of the kind.
    func remote(_ section: StandbyCluster) -> Upstream? {
        guard let host = section.host else { return nil }
        return Upstream(
            member: "the remote server (\(section))", host: host, port: section.port,
            slot: section.slot.map { SlotName(member: $0) }, isRemote: true)
    }

    private var section: StandbyCluster? { watch.view()?.configuration.standbyCluster }

    // MARK: A new standby cluster

    /// Claims the right to create the cluster, then copies the remote server. What is next is the next decision's.
    func bootstrapStandby() async throws {
        guard let section, let remote = remote(section) else {
            remoteServer.problem = "standby_cluster names no server to copy"
            try await Task.sleep(for: Self.pauseAfterFailedCopy)
            return
        }
        guard try await claimNewCluster() else { return }
        do {
            try await clearIncomplete()
            try await instance.clone(from: remote, deadline: Self.longestCopy)
            let identifier = try await instance.controlData().systemIdentifier
            try await store.completeInitialization(
                systemIdentifier: identifier, deadline: .now() + timings.retryTimeout)
            remoteServer.problem = nil
            logger.notice(
                "copied the remote server", metadata: ["from": "\(section)", "system-identifier": "\(identifier)"])
        } catch {
            remoteServer.problem = "cannot copy \(remote.member): \(error)"
            try await store.cancelInitialization(by: me, deadline: .now() + timings.retryTimeout)
            // The other cluster has better things to do than to answer the same question all the time.
            try await Task.sleep(for: Self.pauseAfterFailedCopy)
            throw error
        }
    }

    private static let pauseAfterFailedCopy = Duration.seconds(3)

    // MARK: Following

    /// Makes this server, running or stopped, the standby of the remote one, by the least that works.
    ///
    /// One that ran as a primary is not started before it was compared: what it wrote could be continued with what another
    /// primary of its timeline wrote. A standby is started also while the remote server is away; it serves reads and the
    /// other members, and asks on its own until somebody answers.
    func followRemote() async throws {
        guard let section else { return }
        let wasSilent = life.followedRemote?.section == section && life.notStreamingSince != nil
        life.awaitStream()
        let mustBeCompared: Bool
        if instance.runningPostmaster == nil, case .stopped(let stopped) = server, stopped.wasPrimary {
            mustBeCompared = true
            if !stopped.isClean { try await instance.crashRecovery() }
        } else {
            mustBeCompared = false
        }
        // Nothing that follows takes writes, and killing it at a deadline would only end a copy. Backends outlive a postmaster.
        if instance.runningPostmaster == nil { try await instance.killLeftovers() }
        try keeper.relaxFence()
        var upstream = remote(section)
        if let remote = upstream {
            do {
                try await joinCourse(of: remote)
                remoteServer.problem =
                    wasSilent ? "receives nothing from \(remote.member), which answers; PostgreSQL's log says why" : nil
            } catch {
                guard !mustBeCompared else {
                    remoteServer.problem = "not started: \(error)"
                    throw error
                }
                remoteServer.problem = "\(error)"
                logger.warning("the remote server is not followed as it should be", metadata: ["error": "\(error)"])
                if (error as? InstanceError)?.code == .foreignCluster { upstream = nil }
            }
        } else {
            remoteServer.problem = "standby_cluster names no server to follow"
        }
        try Task.checkCancellation()
        // It may have taken hours: by now another member may lead, or this one be on its way to being promoted.
        guard watch.standing(ttl: timings.ttl).isMine, self.section == section else { return }
        try await requireNoSeal(against: me)
        try await bringUpStandby(.standby(upstream: upstream))
        life.follow(FollowedRemote(section, epoch: watch.view()?.lock?.epoch ?? 0))
        reign.noteOffice()
        await reportWonRequest()
    }

    /// Asks the remote server whether it is the cluster's own, makes the slot there, and rewinds or copies if need be.
    private func joinCourse(of remote: Upstream) async throws {
        if instance.runningPostmaster == nil, instance.isUnstartedCopy { return }
        try await instance.prepareToStream(from: remote)
        switch try await instance.divergence(from: remote) {
        case .none: break
        case .unknown(let reason):
            throw AgentError(.actionFailed, "cannot tell whether this server follows \(remote.member): \(reason)")
        case .needsRewind(let reason):
            logger.notice("this server has left the course of \(remote.member)", metadata: ["why": "\(reason)"])
            guard try await instance.hasCheckpoint(remote) else {
                throw AgentError(.actionFailed, "Waiting for checkpoint on \(remote.member) before rewind")
            }
            try await reportAbandoned(remote)
            try await bringBack(remote, mayRewind: true)
        case .needsCopy(let reason):
            logger.error("this server is on another course than \(remote.member)", metadata: ["why": "\(reason)"])
            try await reportAbandoned(remote)
            try await bringBack(remote, mayRewind: false)
        }
    }

    // MARK: Leading

    /// Keeps a running standby leader's surroundings right. Every step is skipped when there is nothing to do.
    func leadStandby(_ observation: Observation) async {
        await completeInitialization(observation)
        // A walreceiver that gets through by itself has nothing wrong any more.
        if seen?.receiver?.isStreaming == true { remoteServer.problem = nil }
        state.update {
            $0.target = routingTarget
            $0.timeline = seen?.timeline
        }
        unlabelOthers(observation.cluster)
        await ensureSlots(observation.cluster, leader: me)
        await keepSettings(observation)
        await forgetSynchronous(observation.cluster)
    }

    /// Nobody here acknowledges commits, so nobody's commits restrict the elections; not when this is a primary's cluster again
    /// either, which will be on another course.
    private func forgetSynchronous(_ view: ClusterView) async {
        guard view.synchronous?.isActive == true else { return }
        let deadline = BootInstant.now() + min(timings.retryTimeout, .seconds(1))
        do {
            guard let record = try await store.readSynchronous(deadline: deadline), record.isActive else { return }
            _ = try await store.writeSynchronous(SynchronousState(leader: nil), over: record, deadline: deadline)
            logger.notice("elections are not restricted any more: this is a standby cluster")
        } catch {
            logger.info("could not clear the record of synchronous standbys", metadata: ["error": "\(error)"])
        }
    }

    // MARK: Standing down

    /// Stops the primary in order: the other members, and a remote server that streams from it, get all it wrote.
    func demoteCluster() async throws {
        try await instance.checkpoint(deadline: .seconds(120))
        try requireLock()
        guard let section else { return }
        logger.notice("demoting to a standby cluster", metadata: ["of": "\(section)"])
        try await instance.stop(.fast, deadline: stopLimit())
        watchdog.disable()
        life.noteStop()
        try keeper.relaxFence()
    }

    /// Has the remote server asked, as long as a primary is to become its standby, whether that is possible.
    ///
    /// Beside the loop, which a server that does not answer would hold up for seconds. Without an answer the primary stays
    /// one; an answer that allows the demotion is used once, and soon.
    func noteRemote(_ view: ClusterView) {
        guard let section = view.configuration.standbyCluster else {
            life.leaveRemote()
            remoteServer.problem = nil
            return remoteServer.forgetQuestion()
        }
        // While paused it stays a primary, whatever the answer.
        guard activity == nil, case .primary = server, !view.configuration.isPaused,
            watch.standing(ttl: view.configuration.timings.ttl).isMine
        else {
            return remoteServer.forgetQuestion()
        }
        guard remoteServer.isToBeAsked(section, at: .now()) else { return }
        remoteServer.choose(section)
        guard let remote = remote(section) else { return remoteServer.noteNobody(at: .now()) }
        // Owned by `remoteServer`; it runs only after this turn of the loop's.
        let question = Task {
            let objection = await instance.objectionToFollowing(remote)
            // Cancelled: nobody wants to know any more, or another server was asked since.
            guard !Task.isCancelled else { return }
            remoteServer.noteAnswer(objection, at: .now())
            alarm.ring()
        }
        remoteServer.ask(remote.member, by: question)
    }

    /// Somebody promoted a standby leader by hand: what takes writes has to be fenced.
    func keepFence() {
        guard case .primary = server, keeper.isFenceRelaxed, watch.standing(ttl: timings.ttl).isMine else { return }
        do {
            try keeper.requireFence()
        } catch {
            logger.critical("a primary runs here without a fence: \(error)")
        }
    }

    /// A server that leads a standby cluster now.
    var isStandbyLeader: Bool {
        guard section != nil, case .standby = server else { return false }
        return watch.standing(ttl: timings.ttl).isMine
    }

    /// A planned change of standby leader: nothing is stopped, the heir receives from the remote server instead of this one.
    func handOverStandby(to candidate: String?, requestID: String?, request: FailoverRequest?) async {
        var result = SwitchoverResult(
            requestID: requestID, succeeded: false, from: me, to: candidate, reason: "switched over")
        do {
            let heir = try await heir(candidate, isForced: request?.isForced ?? false)
            try requireLock()
            try await take(request)
            try await releaseStandby(to: heir)
            result.succeeded = true
            result.to = heir
        } catch {
            result.reason = "switchover failed: \(error)"
            logger.error("\(result.reason)")
        }
        await finish(request, result)
    }

    /// Lets the remote server's slot go first, which serves one standby at a time.
    func releaseStandby(to heir: String?) async throws {
        try await writeConfiguration(.standby(upstream: nil))
        life.leaveRemote()
        guard await keeper.release(heir: heir, position: seen?.position) else {
            throw HandOverRefusal("the lock could not be released\(heir.map { " to \($0)" } ?? "")")
        }
        logger.notice("handed the lock over", metadata: ["to": "\(heir ?? "nobody")"])
    }
}
