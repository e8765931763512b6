import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import PostgresInstance
import Units

extension AgentLoop {
    // MARK: A new cluster, a new member

    /// Claims the right to create the cluster, then initdb. Starting is the next decision's, when the lock is held.
    func bootstrap() async throws {
        guard !watchdog.hasFailed else {
            throw AgentError(.actionFailed, "no new cluster: the watchdog this member has to have cannot be used")
        }
        guard !file.copiesRemote else {
            throw AgentError(
                .actionFailed, "this cluster begins as a copy of another one; the store does not say yet of which")
        }
        let budget = timings.retryTimeout
        guard try await claimNewCluster() else { return }
        do {
            try await clearIncomplete()
            try await instance.initialize(options: file.initdb)
            let identifier = try await instance.controlData().systemIdentifier
            try await store.completeInitialization(systemIdentifier: identifier, deadline: .now() + budget)
            settingsKeeping.beginningFault = nil
            logger.notice("initialized a new cluster", metadata: ["system-identifier": "\(identifier)"])
        } catch {
            noteBeginning(error, "no new cluster is made")
            try await store.cancelInitialization(by: me, deadline: .now() + budget)
            throw error
        }
    }

    /// Keeps what no retry mends, to be said by this member: an image without what the spec asks for.
    private func noteBeginning(_ error: any Error, _ consequence: String) {
        if let invalid = error as? InvalidSettings {
            settingsKeeping.beginningFault = SettingsFault(invalid, consequence)
        } else if let error = error as? InstanceError, [.toolFailed, .versionMismatch].contains(error.code) {
            settingsKeeping.beginningFault = SettingsFault(error, consequence)
        }
    }

    /// - Returns: whether this member, and no other, creates the cluster.
    func claimNewCluster() async throws -> Bool {
        let others = watch.view()?.members.values.filter { $0.name != me } ?? []
        if let elder = await peers.positions(of: Array(others)).first(where: { $0.timeline.rawValue > 0 }) {
            throw AgentError(.actionFailed, "\(elder.name) has data already; no new cluster is created beside it")
        }
        guard try await store.claimInitialization(by: me, deadline: .now() + timings.retryTimeout) else {
            logger.notice("failed to acquire initialize lock: another member creates the cluster")
            return false
        }
        return true
    }

    /// Copies the data of the leader, or of a standby; what is then to be followed is the next decision's.
    func clone(from source: String) async throws {
        try await clearIncomplete()
        let isLeader = watch.view()?.lock?.leader == source
        do {
            // A standby keeps no slot for this member: the leader does, since it saw it.
            try await instance.clone(from: try upstream(source, withSlot: isLeader), deadline: Self.longestCopy)
            settingsKeeping.beginningFault = nil
        } catch {
            if (error as? InstanceError)?.code == .versionMismatch { noteBeginning(error, "no copy is made") }
            if !isLeader, !Task.isCancelled { avoid(source, because: "\(error)") }
            throw error
        }
        if isLeader, tags.replicatesFrom == nil, !tags.streamsFromNobody { try await follow(source, from: source) }
    }

    /// A copy of a large database takes hours; it ends by itself when its source goes away.
    static let longestCopy = Duration.seconds(7 * 24 * 3600)

    /// What an initdb or a copy of ours left when the agent died in it was nobody's data.
    func clearIncomplete() async throws {
        guard case .incomplete(let operation) = try await instance.dataDirectoryState() else { return }
        if ["initdb", "pg_basebackup"].contains(operation) {
            try await instance.discardIncomplete()
        } else {
            let kept = try await instance.moveDataDirectoryAside(reason: operation)
            logger.notice("the old data directory is kept", metadata: ["as": "\(kept)"])
        }
    }

    // MARK: Following

    /// Brings this server behind the leader, by the least that works.
    ///
    /// A running standby on the leader's course only changes its upstream. One that has left that course is stopped,
    /// recovered, rewound; and cloned anew, with the old data moved aside, if rewinding fails.
    func rejoin(_ leader: String, from source: String?) async throws {
        life.awaitStream()
        let upstream = try upstream(leader)
        if instance.runningPostmaster == nil, instance.isUnstartedCopy {
            return try await follow(leader, from: source)
        }
        if instance.runningPostmaster == nil, case .stopped(let stopped) = server, stopped.wasPrimary, !stopped.isClean
        {
            try await instance.crashRecovery()
        }
        switch try await divergence(from: upstream) {
        case .none:
            if case .stopped(let stopped) = server, stopped.wasPrimary { await reportNothingAbandoned(upstream) }
            try await follow(leader, from: source)
        case .unknown(let reason):
            throw AgentError(.actionFailed, "cannot tell whether this server follows \(leader): \(reason)")
        case .needsRewind(let reason):
            logger.notice("this server has left \(leader)'s course", metadata: ["why": "\(reason)"])
            guard watch.view()?.members[leader]?.hasCheckpointSincePromotion ?? false else {
                throw AgentError(.actionFailed, "Waiting for checkpoint on \(leader) before rewind")
            }
            try await reportAbandoned(upstream)
            try await bringBack(upstream, mayRewind: true)
            try await follow(leader, from: source)
        case .needsCopy(let reason):
            logger.error("this server is on another course than \(leader)", metadata: ["why": "\(reason)"])
            try await reportAbandoned(upstream)
            try await bringBack(upstream, mayRewind: false)
            try await follow(leader, from: source)
        }
    }

    /// The history first: a course that another member began under the same number looks like the leader's own by all that
    /// the two servers can tell.
    private func divergence(from upstream: Upstream) async throws -> Divergence {
        guard !isOnUnrecordedCourse else {
            return .needsCopy(reason: "its timeline is another one than was recorded under that number")
        }
        return try await instance.divergence(from: upstream)
    }

    /// Of the server that was stopped here, by the store's history.
    var isOnUnrecordedCourse: Bool {
        guard case .stopped(let stopped) = server, let view = watch.view() else { return false }
        return view.isOnUnrecordedCourse(stopped, of: me)
    }

    func bringBack(_ upstream: Upstream, mayRewind: Bool) async throws {
        if instance.runningPostmaster != nil { try await instance.stop(.fast, deadline: .seconds(30)) }
        let usesRewind = watch.view()?.configuration.usesRewind ?? true
        if mayRewind, usesRewind {
            do {
                try await instance.rewind(from: upstream, deadline: .seconds(3600))
                standingBack.noteCourse()
                return
            } catch {
                // Broken off because the agent is to stop, for example.
                try Task.checkCancellation()
                if try await mayRewindAgain(after: error, from: upstream) { throw error }
                logger.error("pg_rewind failed; cloning anew", metadata: ["error": "\(error)"])
            }
        }
        let kept = try await instance.moveDataDirectoryAside(reason: "diverged")
        logger.notice("the old data directory is kept", metadata: ["as": "\(kept)"])
        try await instance.clone(from: upstream, deadline: Self.longestCopy)
        standingBack.noteCourse()
    }

    /// A copy needs the room for a second database, and hours; a leader that was restarted comes back in seconds.
    ///
    /// - Returns: whether the data is as it was, and pg_rewind is worth another try: its source does not answer, or has not
    ///   been asked often enough.
    private func mayRewindAgain(after error: any Error, from upstream: Upstream) async throws -> Bool {
        guard (error as? InstanceError)?.code == .toolFailed else { return false }
        if case .incomplete = try await instance.dataDirectoryState() { return false }
        do {
            try await instance.prepareToStream(
                from: Upstream(member: upstream.member, host: upstream.host, port: upstream.port, slot: nil))
        } catch {
            return true
        }
        return standingBack.noteFailedRewind()
    }

    /// Points the server at its source and starts it if it does not run.
    private func follow(_ leader: String, from wanted: String?) async throws {
        try Task.checkCancellation()
        try await requireNoSeal(against: leader)
        let source = await sourceThatAnswers(wanted, leader: leader)
        guard let view = watch.view(), let member = view.members[source ?? leader], let host = member.host else {
            return
        }
        let role = ServerRole.standby(upstream: try source.map { try upstream($0) })
        try await bringUpStandby(role)
        life.follow(
            FollowedLeader(
                name: leader, epoch: view.lock?.epoch ?? 0, source: source, host: host, port: member.port))
    }

    /// Starts the server read-only, with what it has and perhaps nobody to follow.
    func startStandby(following leader: String?) async throws {
        if let leader { return try await follow(leader, from: leader) }
        life.followNobody()
        try await bringUpStandby(.standby(upstream: nil))
    }

    func bringUpStandby(_ role: ServerRole) async throws {
        guard instance.runningPostmaster == nil else { return try await writeConfiguration(role) }
        // A holder about to be promoted stays fenced.
        try keeper.lowerFence()
        let settings = try wantedSettings()
        do {
            try await instance.start(settings, as: role)
        } catch {
            outage.noteFailedStart()
            throw error
        }
        life.apply(settings, role)
        switch try await instance.waitUntilAccepting(deadline: .seconds(60)) {
        case .acceptingConnections, .starting: await noteAccepted(settings)
        case .exited(let status):
            // Of a member that holds the lock, and only then: another one may be able to lead.
            outage.noteFailedStart()
            doubt(settings)
            throw AgentError(.actionFailed, "the standby ended while it was starting: \(status)")
        }
    }

    func upstream(_ source: String, withSlot: Bool = true) throws -> Upstream {
        guard let member = watch.view()?.members[source], let host = member.host else {
            throw AgentError(.actionFailed, "\(source) has no address")
        }
        return Upstream(
            member: source, host: host, port: member.port,
            slot: withSlot && watch.view()?.configuration.usesSlots ?? true ? SlotName(member: me) : nil)
    }

    // MARK: Standing down

    /// Ends a primary that may not be one: at once, with every backend, never smart.
    func demote() async throws {
        try await killServer()
    }

    /// Nothing runs here and the lock is not this member's, but init may still have a deadline of a reign that is over: it
    /// would kill what comes next, a recovery, a copy or a standby.
    func lowerFenceWhenIdle() async {
        guard keeper.mayBeFenced, activity == nil, !server.hasProcess, !watch.standing(ttl: timings.ttl).isMine else {
            return
        }
        do {
            // Backends outlive a postmaster that was killed, and those the deadline is for.
            try await instance.killLeftovers()
            try keeper.lowerFence()
        } catch {
            logger.error("the fence stays in force: \(error)")
        }
    }

    /// Kills every process of the data directory, then takes the fence down: there is nothing left to fence.
    func killServer() async throws {
        try await instance.stop(.immediate)
        watchdog.disable()
        life.noteStop()
        try keeper.lowerFence()
    }
}
