import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    /// Looks at the local server: its processes, its answers, or what pg_control says of it.
    func observeServer(_ view: ClusterView) async -> ServerState {
        _ = await adoptStartedByHand()
        guard instance.runningPostmaster != nil else {
            life.end()
            return await observeFiles()
        }
        let timings = view.configuration.timings
        switch await instance.observe(deadline: .seconds(1)) {
        case .answered(let snapshot):
            life.see(snapshot)
            life.noteDatabase(instance.database)
            let look = await lookAtFreshSessions(timings)
            note(look, timings)
            lookAtChecksums()
            lookForMissingWAL(snapshot)
            if look != .silent, look != .failing {
                state.update {
                    $0.timeline = snapshot.isInRecovery ? $0.timeline : snapshot.timeline
                    // An elected member that is never promoted leaves what the last primary told, by which lag is measured.
                    $0.position =
                        snapshot.isInRecovery && view.configuration.standbyCluster == nil ? nil : snapshot.position
                }
            }
            return countsAsDead(timings)
                ? .unresponsive(systemIdentifier: snapshot.systemIdentifier) : Self.state(of: snapshot)
        case .refused(let reason):
            noteRefusal(
                reason.isOfLogin
                    ? "the agent's session is refused: \(reason.message)"
                    : "the server does not tell its state: \(reason.message)")
            note(reason.isFaultOfServer ? .failing : .refusing, timings)
            return stateOfTheUnseen(timings)
        case .unreachable(let reason) where reason.isCannotConnectNow:
            note(outage.isComingUp || life.isComingUpByHand(at: clock.now) ? .comingUpAsAwaited : .comingUp, timings)
            return .starting(systemIdentifier: seen?.systemIdentifier ?? server.systemIdentifier ?? "")
        case .unreachable(let reason) where reason.isTooManyConnections:
            note(.full, timings)
            return stateOfTheUnseen(timings)
        case .unreachable(let reason):
            guard instance.runningPostmaster != nil else { return await observeFiles() }
            if life.noteSilence(at: clock.now) {
                logger.warning("PostgreSQL does not answer", metadata: ["reason": "\(reason)"])
            }
            // One session that hangs is not a server that does. Before that is ended, another one is tried.
            if countsAsDead(timings), reason.isTimeout,
                await instance.probeFreshSession(deadline: .seconds(1)).isEntry
            {
                noteRefusal("the server does not tell its state: \(reason.message)")
                note(.refusing, timings)
            }
            return stateOfTheUnseen(timings)
        }
    }

    /// Of a server that did not tell it: what it was it still is, unless it counts as dead.
    private func stateOfTheUnseen(_ timings: Timings) -> ServerState {
        let identifier = seen?.systemIdentifier ?? server.systemIdentifier ?? ""
        if countsAsDead(timings) { return .unresponsive(systemIdentifier: identifier) }
        switch server {
        case .primary, .standby, .starting, .unresponsive: return server
        // This agent has not seen it yet.
        case .noData, .unusable, .damaged, .stopped: return .starting(systemIdentifier: identifier)
        }
    }

    /// Takes over a server that was started by hand, while paused for example: seen, it is this member's like any other.
    ///
    /// Unseen, it would take writes without a lock, and another member be promoted beside it.
    ///
    /// - Returns: whether there was one.
    func adoptStartedByHand() async -> Bool {
        guard instance.runningPostmaster == nil, await instance.adoptStartedByHand() != nil else { return false }
        logger.notice("PostgreSQL was started by hand")
        // It may not have its socket yet.
        if let identifier = server.systemIdentifier { server = .starting(systemIdentifier: identifier) }
        synchronous.holdsOutUsers = instance.holdsOutUsers
        life.beginByHand(at: clock.now)
        return true
    }

    /// A stopped postmaster still answers over old connections, so a new one is made regularly.
    private func lookAtFreshSessions(_ timings: Timings) async -> ServerLook {
        guard life.beginFreshProbe(at: clock.now, every: timings.loopWait) else { return .accepting }
        let fresh = await instance.probeFreshSession(deadline: .seconds(1))
        switch fresh {
        case .opened:
            noteRefusal(
                instance.missingDatabase.map {
                    "the database \"\($0)\" lets nobody in: until it does the agent works in "
                        + "\"\(instance.database)\", which cannot be copied then"
                })
            return .accepting
        case .refusesOthers(let reason):
            noteRefusal("new sessions are refused: \(reason.message)")
            return .refusing
        case .delayed:
            // A volume that hangs looks like this, too. Only a lock is nobody's illness.
            guard await instance.areLoginsBehindLock() else { return noteSilence("PostgreSQL ends no login") }
            life.pauseProbes(until: clock.now + ServerHealth.pauseBehindLock)
            noteRefusal("new sessions do not come about: logins wait for a lock that is held on a system catalog")
            return .refusing
        case .refused(let reason) where reason.isTooManyConnections:
            return .full
        case .refused(let reason) where !reason.isCannotConnectNow:
            noteRefusal("the agent's session is refused: \(reason.message)")
            return reason.isFaultOfServer ? .failing : .refusing
        case .refused, .silent:
            return noteSilence("PostgreSQL accepts no new connection")
        }
    }

    private func noteSilence(_ sentence: String) -> ServerLook {
        if life.noteSilence(at: clock.now) { logger.warning("\(sentence)") }
        return .silent
    }

    private func countsAsDead(_ timings: Timings) -> Bool {
        ServerHealth.isSilentForTooLong(since: life.silentSince, at: clock.now, timings)
            || ServerHealth.isFailingForTooLong(since: life.failingSince, at: clock.now, timings)
    }

    private func noteRefusal(_ sentence: String?) {
        guard life.noteRefusal(sentence), let sentence else { return }
        logger.warning("\(sentence)")
    }

    private func note(_ look: ServerLook, _ timings: Timings) {
        switch look {
        case .accepting, .full, .refusing, .comingUp, .comingUpAsAwaited: life.noteAnswer()
        case .failing: life.noteFault(at: clock.now)
        case .silent: break
        }
        state.update {
            $0.healthyUntil = ServerHealth.renewable(until: $0.healthyUntil, after: look, at: clock.now, timings)
        }
    }

    private static func state(of snapshot: ServerStatus) -> ServerState {
        let running = RunningServer(
            systemIdentifier: snapshot.systemIdentifier, timeline: snapshot.timeline, position: snapshot.position,
            isStreaming: snapshot.receiver?.isStreaming ?? false,
            isReplayPausedForSettings: snapshot.isReplayPausedForSettings,
            postmasterStartTime: snapshot.postmasterStartTime, isRestartPending: !snapshot.pendingRestart.isEmpty)
        return snapshot.isInRecovery ? .standby(running) : .primary(running)
    }

    func observeFiles() async -> ServerState {
        do {
            switch try await instance.dataDirectoryState() {
            case .absent, .empty:
                return .noData
            case .incomplete(let operation) where ["initdb", "pg_basebackup"].contains(operation):
                return .noData
            case .incomplete(let operation):
                return .damaged(by: operation)
            case .unreadable(let reason):
                return .unusable(reason: reason)
            case .initialized(let control, _):
                return .stopped(
                    StoppedServer(
                        systemIdentifier: control.systemIdentifier,
                        timeline: max(control.timeline, control.minimumRecoveryTimeline),
                        wasPrimary: !control.isStandby && !instance.isMarkedStandby,
                        isClean: control.isCleanShutdown, position: control.checkpoint))
            }
        } catch {
            return .unusable(reason: "data directory is not accessible: \(error)")
        }
    }

    /// The postmaster has ended, expected or not: look at once.
    func note(_ exit: PostmasterExit) {
        logger.notice("the postmaster has ended", metadata: ["exit": "\(exit)"])
        alarm.ring()
    }
}
