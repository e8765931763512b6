import ClusterRecords
import ClusterStore
import HighAvailability
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    /// What the REST interface answers from, until the next cycle.
    func snapshot(_ view: ClusterView?, lock: LockStanding, wish: MemberPublisher.Wish?, nextLoop: BootInstant)
        -> MemberSnapshot
    {
        let timings = view?.configuration.timings ?? .standard
        var snapshot = MemberSnapshot(
            scope: configuration.scope.cluster, name: me, version: AgentVersion.current,
            state: wish?.status.state ?? .stopped, role: wish?.status.role ?? .uninitialized, nextLoop: nextLoop,
            ttl: timings.ttl)
        if let seen, wish?.status.state == .running {
            snapshot.isAnswering = true
            snapshot.serverVersion = Int(seen.version.number)
            snapshot.postmasterStartTime = seen.postmasterStartTime
            snapshot.systemIdentifier = seen.systemIdentifier
            snapshot.timeline = seen.timeline
            if seen.isInRecovery {
                // A receiver that has just begun tells where: before what was replayed from files.
                snapshot.received = seen.position
                snapshot.replayed = seen.replayPosition
                snapshot.replayedTimestamp = seen.replayedTimestamp
                snapshot.isReplayPaused = seen.isReplayPaused
                snapshot.replicationState = seen.replicationState
            } else {
                snapshot.location = seen.position
            }
            snapshot.replication = seen.standbys.map {
                ReplicationConnection(
                    userName: $0.userName, applicationName: $0.applicationName, clientAddress: $0.address,
                    state: $0.state, syncState: $0.synchronousState, syncPriority: $0.synchronousPriority)
            }
            snapshot.pendingRestart = seen.pendingRestart
            snapshot.checksumFailures = life.checksums.found?.failures
        }
        snapshot.takeover = wish?.status.takeover
        snapshot.decisions = told.decisions.records
        snapshot.tags = tags.values
        snapshot.isWatchdogFailed = watchdog.hasFailed
        // A standby leader has the same label; what is about to be one may have it still from before.
        let isAboutToFollow = view?.configuration.standbyCluster != nil && wish?.status.role == .replica
        if case .mine(let until) = lock, wish?.isRouted == true, !isAboutToFollow { snapshot.lockExpiry = until }
        snapshot.storeSeen = watch.lastHeard
        if let heard = watch.lastHeard {
            snapshot.storeSeenEpochSeconds = clock.wallTime.epochSeconds - (clock.now - heard).milliseconds / 1000
        }
        snapshot.isFailsafeActive = keeper.isByConsent || watch.failsafeLeader != nil
        guard let view else { return snapshot }
        snapshot.isClusterUnlocked = lock.isFree
        snapshot.isPaused = view.configuration.isPaused
        if view.configuration.usesFailsafe {
            let entries = view.lock?.failsafe?.entries ?? []
            snapshot.failsafeMembers = Dictionary(entries.map { ($0.name, $0.apiURL) }) { $1 }
        }
        snapshot.leaderPosition = view.lock?.position
        snapshot.maximumLagOnFailover = view.configuration.maximumLagOnFailover
        snapshot.configurationJSON = watch.configurationText
        snapshot.historyJSON = watch.historyText
        if let record = view.synchronous, record.isActive, record.members.contains(me) {
            snapshot.isSynchronousStandby = view.configuration.synchronous.mode == .on
            snapshot.isQuorumStandby = view.configuration.synchronous.mode == .quorum
        }
        snapshot.cluster = overview(view)
        return snapshot
    }

    private func overview(_ view: ClusterView) -> ClusterOverview {
        let words = watch.words
        let leaderPosition = leaderPosition(view)
        let members = view.members.values.sorted { $0.name < $1.name }.map { member in
            var entry = ClusterOverview.Entry(
                member, saying: words[member.name], leaderPosition: leaderPosition,
                leaderTimeline: view.lock?.timeline)
            if let standby = seen?.standbys.first(where: { $0.applicationName == member.name }) {
                entry.replicationState = standby.state
                entry.received = standby.flushed
                entry.replayed = standby.replayed
                entry.position = [standby.flushed, standby.replayed].compactMap { $0 }.max()
            }
            if member.name == me {
                entry.position = seen?.position
                entry.replicationState = server.isPrimary ? nil : seen?.replicationState
                entry.replayed = seen?.replayPosition
                entry.received = seen?.isInRecovery == true ? seen?.position : nil
            }
            return entry
        }
        var overview = ClusterOverview(
            members: members, leader: view.lock?.leader, leaderPosition: leaderPosition)
        overview.isPaused = view.configuration.isPaused
        if let request = view.failover, let schedule = request.schedule {
            overview.scheduledSwitchover = ClusterOverview.ScheduledSwitchover(
                at: schedule.text, from: request.leader, to: request.candidate)
        }
        if view.configuration.synchronous.mode != .off, let record = view.synchronous, record.isActive {
            overview.synchronousStandbys = record.members
            overview.isQuorumMode = view.configuration.synchronous.mode == .quorum
        }
        return overview
    }

    /// The newest that is known here: what the leader published, or what has come from it since.
    private func leaderPosition(_ view: ClusterView) -> LSN? {
        guard view.lock?.leader != me else { return seen?.position }
        let received = seen?.receiver?.isStreaming == true ? seen?.position : nil
        return [view.lock?.position, received].compactMap(\.self).max()
    }
}
