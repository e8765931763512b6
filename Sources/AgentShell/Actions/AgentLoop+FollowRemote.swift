import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
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

    var section: StandbyCluster? { watch.view()?.configuration.standbyCluster }

    /// What the settings name, as something to stream and copy from; nil when it is nothing of the kind.
    func remote(_ section: StandbyCluster) -> Upstream? {
        guard let host = section.host else { return nil }
        return Upstream(
            member: "the remote server (\(section))", host: host, port: section.port,
            slot: section.slot.map { SlotName(member: $0) }, isRemote: true)
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
}
