import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import PostgresInstance
import Units

extension AgentLoop {
    // MARK: Becoming the primary

    /// Starts the stopped server as the primary it was.
    ///
    /// - Requires: the lock; checked again after everything that takes time, right before the start.
    func startPrimary() async throws {
        try requireNoStandbyCluster()
        try keeper.requireFence()
        try await takeOverSynchronous(isRestart: true)
        let settings = try wantedSettings()
        try requireLock()
        do {
            try await bringUpPrimary(settings)
        } catch {
            doubt(settings)
            throw error
        }
        await noteAccepted(settings)
        try await instance.createRoles()
        hasRoles = true
        hasCheckpointSincePromotion = true
        begun = nil
        try await takeOffice()
    }

    /// Ends recovery and tells the store the new timeline. The route leads here since the lock is held.
    func promote() async throws {
        guard case .standby(let before) = server else { return }
        try requireNoStandbyCluster()
        // A standby leader has had none.
        try keeper.requireFence()
        let wasStandbyLeader = publisher.wanted?.status.role == .standbyLeader
        // Clients of a standby leader stay where they are.
        if !wasStandbyLeader, isRoutedByLabel { withdrawRoute() }
        defer { isRouteWithdrawn = false }
        try await takeOverSynchronous(isRestart: false)
        try requireLock()
        try requireNoStandbyCluster()
        hasCheckpointSincePromotion = false
        let started = BootInstant.now()
        let timeline: Timeline
        do {
            timeline = try await endRecovery()
        } catch {
            await noteFailedPromotion()
            throw error
        }
        // Those of a cluster that was copied from another one are the other one's.
        hasRoles = !wasStandbyLeader
        logger.notice(
            "promoted", metadata: ["timeline": "\(timeline)", "elapsed": "\(BootInstant.now() - started)"])
        // What the server was told last may lack a few bytes of where it really left the former timeline.
        let start = await instance.history(of: timeline)?.end(of: before.timeline) ?? before.position
        begun = (
            timeline,
            TimelineSwitch(
                timeline: before.timeline, position: start, reason: "no recovery target specified",
                time: WallClock.now(), newLeader: me)
        )
        unannouncedLoss =
            wasStandbyLeader ? nil : judgeLoss(of: takenLock, by: me, timeline: before.timeline, start: start)
        try await takeOffice()
        isElectedByRequest = false
        await reportWonRequest()
    }

    /// What follows a start as primary and a promotion alike: first the store, then the route, then the rest.
    private func takeOffice() async throws {
        guard case .answered(let snapshot) = await instance.observe(deadline: .seconds(2)),
            !snapshot.isInRecovery
        else { throw AgentError(.actionFailed, "the server does not answer as a primary") }
        seen = snapshot
        (followed, followedRemote) = (nil, nil)
        slotsEnsuredFor = nil
        state.update {
            $0.timeline = snapshot.timeline
            $0.position = snapshot.position
        }
        server = .primary(
            RunningServer(
                systemIdentifier: snapshot.systemIdentifier, timeline: snapshot.timeline, position: snapshot.position))
        // A candidate that races us must find our timeline in the store, as soon as clients can write on it.
        guard await keeper.renew() else { throw AgentError(.actionFailed, "the lock was lost while taking office") }
        guard let view = watch.view() else { return }
        isRouteWithdrawn = false
        publish(view, lock: watch.standing(ttl: view.configuration.timings.ttl), isTakingOffice: true)
        await ensureSlots(view, leader: me)
        await announce(view)
        if appliedRole != .primary { try await writeConfiguration(.primary) }
    }

    /// The read-write Service selects the label; nobody asks the agents for a route.
    var isRoutedByLabel: Bool { file.lockObject == .configMap && file.route == nil }

    var routingTarget: RoutingTarget {
        RoutingTarget(
            address: configuration.address, port: configuration.port, pod: me, podUID: configuration.podUID,
            node: configuration.node)
    }

    /// Tells the store of a promotion, and writes the checkpoint that a rewind waits for.
    ///
    /// Called as long as this member leads: what failed while it took office is made up for. A member that has to be rewound
    /// would wait for ever for a checkpoint nobody asked for.
    private func announce(_ view: ClusterView) async {
        if !hasCheckpointSincePromotion, !isCheckpointing { checkpointAfterPromotion() }
        guard view.configuration.standbyCluster == nil, case .primary(let primary) = server else { return }
        if begun?.timeline != primary.timeline {
            begun = await beginning(of: primary.timeline).map { (primary.timeline, $0) }
        }
        // Also when it was there before: whatever took it out, nothing else tells this course from another one.
        guard let change = begun?.change, view.history.last?.isSame(as: change) != true else { return }
        let deadline = BootInstant.now() + view.configuration.timings.retryTimeout
        do {
            // A watch may show what was before the last promotion; a member that is not leader any more has nothing to tell,
            // and one that finds that out only after this look names a version its successor has replaced.
            guard let stored = try await store.readHistory(deadline: deadline) else { return }
            try requireLock()
            guard let switches = stored.ending(with: change) else {
                unannouncedLoss = nil
                return
            }
            if try await store.writeHistory(switches, over: stored, loss: unannouncedLoss, deadline: deadline) {
                unannouncedLoss = nil
            } else {
                logger.info("the history was not written: its object has changed meanwhile")
            }
        } catch {
            logger.warning("could not write the history", metadata: ["error": "\(error)"])
        }
    }

    /// The promotion that began a timeline this server is the primary of, from PostgreSQL's own history; nil for the first.
    ///
    /// Whoever writes on a timeline as its primary has begun it. An agent that ended before the store took its announcement
    /// leaves that to its next life: another member may have begun a timeline of the same number without being able to say so
    /// either, and is told from this one by the history alone.
    private func beginning(of timeline: Timeline) async -> TimelineSwitch? {
        await instance.history(of: timeline)?.switches.last.map {
            TimelineSwitch(
                timeline: $0.timeline, position: $0.position, reason: $0.reason, time: WallClock.now(), newLeader: me)
        }
    }

    /// pg_rewind reads our timeline from pg_control, which only a checkpoint writes there. Clients need not wait for it.
    private func checkpointAfterPromotion() {
        isCheckpointing = true
        // Owned by nobody: it ends by itself, at the latest with the server.
        Task {
            defer { isCheckpointing = false }
            do {
                try await instance.checkpoint(deadline: .seconds(300))
                hasCheckpointSincePromotion = true
                wake.yield()
            } catch {
                logger.warning("the checkpoint after promotion failed", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Nobody is promoted while the cluster follows another one; checked again right before.
    private func requireNoStandbyCluster() throws {
        guard watch.view()?.configuration.standbyCluster == nil else {
            throw AgentError(.actionFailed, "this is a standby cluster: nothing is started as a primary, or promoted")
        }
    }

    func requireLock() throws {
        try Task.checkCancellation()
        guard watch.standing(ttl: timings.ttl).isMine else {
            throw AgentError(.actionFailed, "the lock is not held any more, so nothing is started as a primary")
        }
    }

    // MARK: Being the primary

    /// Keeps a running primary's surroundings right. Every step is skipped when there is nothing to do.
    func lead(_ observation: Observation) async {
        await completeInitialization(observation)
        state.update { $0.target = routingTarget }
        unlabelOthers(observation.cluster)
        await ensureSlots(observation.cluster, leader: me)
        await completeAdoption()
        await announce(observation.cluster)
        await keepSettings(observation)
        // A primary that took the lock while it ran has had no use for it; later it would be a record of the past.
        electedOver = nil
        await keepSynchronous(observation)
    }

    /// A primary that an earlier agent started, or that was interrupted while it took office, lacks what that does.
    private func completeAdoption() async {
        guard !hasRoles || appliedRole != .primary else { return }
        do {
            if !hasRoles { try await instance.createRoles() }
            hasRoles = true
            try await writeConfiguration(.primary)
        } catch {
            logger.warning("the running primary is not set up yet: \(error)")
        }
    }

    /// Heals a store that was wiped.
    func completeInitialization(_ observation: Observation) async {
        if case .done = observation.cluster.initialization { return }
        guard let identifier = observation.server.systemIdentifier else { return }
        do {
            try await store.completeInitialization(
                systemIdentifier: identifier, deadline: .now() + timings.retryTimeout)
        } catch {
            logger.warning("could not record the system identifier", metadata: ["error": "\(error)"])
        }
    }

    /// Tools take the label for the leader, and a Service that selects it leads where it is, so no other Pod may carry it, as
    /// soon as this one does; before, that Service would lead nowhere.
    func unlabelOthers(_ view: ClusterView) {
        guard view.members[me]?.isLabelledPrimary == true else { return }
        for member in view.members.values where member.name != me && member.isLabelledPrimary {
            // Ends by itself within its deadline; the next cycle sees whether it worked.
            Task {
                do {
                    try await store.demoteLabel(of: member.name, deadline: .now() + .seconds(3))
                } catch {
                    logger.info(
                        "could not take the primary label yet",
                        metadata: ["from": "\(member.name)", "error": "\(error)"])
                }
            }
        }
    }

    // MARK: Settings

    /// Applies changed settings to a running server: a reload; what needs a restart is published as pending.
    func keepSettings(_ observation: Observation) async {
        guard activity == nil, let role = appliedRole else { return }
        switch observation.server {
        case .primary, .standby: break
        case .noData, .unusable, .damaged, .stopped, .starting, .unresponsive: return
        }
        do {
            guard let settings = try settings() else { return }
            guard settings != appliedSettings else {
                settingsFault = nil
                return
            }
            guard settings.undecorated != refusedSettings else { return }
            try await writeConfiguration(role)
            guard settingsFault == nil else { return }
            logger.notice("the settings have changed; reloaded")
            tellReload()
        } catch let error as InvalidSettings {
            noteInvalid(error)
        } catch {
            logger.error("the settings were not applied; the former ones stay in force: \(error)")
        }
    }

    /// - Returns: nil before the store was read.
    /// - Throws: `InvalidSettings` with every problem.
    private func settings() throws -> PostgresSettings? {
        guard let configuration = watch.view()?.configuration else { return nil }
        var settings = try PostgresSettings(
            configuration, clusterName: self.configuration.scope.cluster, version: instance.dataVersion)
        decorate(&settings)
        return settings
    }

    /// What the agent decides and no setting says. A server that runs keeps its names until this agent has decided them.
    private func decorate(_ settings: inout PostgresSettings) {
        settings.synchronousStandbyNames = standbyNames?.description ?? seen?.synchronousStandbyNames ?? ""
        settings.holdsOutUsers = holdsOutUsers
        // Only an agent that starts the server again can hold users out. While paused it starts none.
        if let configuration = watch.view()?.configuration {
            settings.endsAfterCrash =
                !configuration.isPaused
                && (configuration.synchronous.mode != .off || !settings.synchronousStandbyNames.isEmpty)
        }
    }

    /// Writes the server's files for a role and has a running server read them.
    ///
    /// Settings the server refuses do not stay in the files: there they would keep a server that stops from ever starting
    /// again. The last good ones take their place, with the role that was asked for, and the member says what is wrong.
    func writeConfiguration(_ role: ServerRole) async throws {
        // One at a time: a write that was decided before a seal must not land after it.
        while isWritingConfiguration { try await Task.sleep(for: .milliseconds(1)) }
        isWritingConfiguration = true
        defer { isWritingConfiguration = false }
        let role = permitted(role)
        var (settings, isFormer) = try chosenSettings()
        if isFormer, acceptedSettings == nil, instance.runningPostmaster != nil {
            throw AgentError(.actionFailed, "the settings are refused; the running server goes on with what it has")
        }
        let before = await instance.configurationTexts
        let change = try await instance.writeConfiguration(settings, role: role)
        guard change != .unchanged, instance.runningPostmaster != nil else { return noteApplied(settings, role) }
        let errors = try await instance.configurationFileErrors()
        if errors.isEmpty {
            if !isFormer {
                (settingsFault, refusedSettings) = (nil, nil)
                await noteAccepted(settings)
            }
        } else {
            let fault = SettingsFault(errors, parameters: settings.parameters)
            settingsFault = fault
            logger.error("\(fault.sentence)")
            if !isFormer { refusedSettings = settings.undecorated }
            guard acceptedSettings != nil else {
                try await instance.restore(before)
                throw AgentError(.actionFailed, "the files of the server are left as they were")
            }
            settings = try formerSettings()
            try await instance.writeConfiguration(settings, role: role)
        }
        noteApplied(settings, role)
        try await instance.reload()
    }

    /// The settings to run with: the store's, or the last good ones when somebody wrote nonsense there. A cluster must come
    /// up again whatever happened to its settings meanwhile.
    func wantedSettings() throws -> PostgresSettings { try chosenSettings().settings }

    private func chosenSettings() throws -> (settings: PostgresSettings, isFormer: Bool) {
        do {
            guard let settings = try settings() else {
                throw AgentError(.actionFailed, "the cluster's settings were not read yet")
            }
            guard ![refusedSettings, doubtedSettings].contains(settings.undecorated) else {
                return (try formerSettings(), true)
            }
            return (settings, false)
        } catch let error as InvalidSettings {
            noteInvalid(error)
            return (try formerSettings(), true)
        }
    }

    /// Nothing but another text in the store mends these; the member says so until that is there.
    private func noteInvalid(_ error: InvalidSettings) {
        let fault = SettingsFault(error)
        if settingsFault != fault { logger.error("\(fault.sentence)") }
        settingsFault = fault
    }

    /// The last good settings, with whom commits wait for as it is now.
    private func formerSettings() throws -> PostgresSettings {
        var settings = try acceptedSettings ?? PostgresSettings(clusterName: configuration.scope.cluster)
        decorate(&settings)
        return settings
    }

    func noteApplied(_ settings: PostgresSettings, _ role: ServerRole) {
        appliedSettings = settings
        appliedRole = role
    }
}
