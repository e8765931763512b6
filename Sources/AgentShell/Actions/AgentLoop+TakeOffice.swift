import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import PostgresConfiguration
import ServerControl
import Units

/// What follows a start as primary and a promotion alike.
extension AgentLoop {
    /// What follows a start as primary and a promotion alike: first the store, then the route, then the rest.
    func takeOffice() async throws {
        guard case .answered(let snapshot) = await instance.observe(deadline: .seconds(2)),
            !snapshot.isInRecovery
        else { throw AgentError(.actionFailed, "the server does not answer as a primary") }
        life.noteOffice(snapshot)
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
        reign.isRouteWithdrawn = false
        publish(view, lock: watch.standing(ttl: view.configuration.timings.ttl), isTakingOffice: true)
        await ensureSlots(view, leader: me)
        await announce(view)
        if life.role != .primary { try await writeConfiguration(.primary) }
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
    func announce(_ view: ClusterView) async {
        // Owned by nobody: it ends by itself, at the latest with the server.
        if reign.beginCheckpoint() { clock.start { await self.checkpointAfterPromotion() } }
        guard view.configuration.standbyCluster == nil, case .primary(let primary) = server else { return }
        if reign.begun?.timeline != primary.timeline {
            reign.begun = await beginning(of: primary.timeline).map {
                ReignKeeping.Beginning(timeline: primary.timeline, change: $0)
            }
        }
        // Also when it was there before: whatever took it out, nothing else tells this course from another one.
        guard let change = reign.begun?.change, view.history.last?.isSame(as: change) != true else { return }
        let deadline = clock.now + view.configuration.timings.retryTimeout
        do {
            // A watch may show what was before the last promotion; a member that is not leader any more has nothing to tell,
            // and one that finds that out only after this look names a version its successor has replaced.
            guard let stored = try await store.readHistory(deadline: deadline) else { return }
            try requireLock()
            guard let switches = stored.ending(with: change) else {
                reign.noteAnnounced()
                return
            }
            if try await store.writeHistory(switches, over: stored, loss: reign.unannouncedLoss, deadline: deadline) {
                reign.noteAnnounced()
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
                timeline: $0.timeline, position: $0.position, reason: $0.reason, time: clock.wallTime.text,
                newLeader: me)
        }
    }

    /// pg_rewind reads our timeline from pg_control, which only a checkpoint writes there. Clients need not wait for it.
    private func checkpointAfterPromotion() async {
        do {
            try await instance.checkpoint(deadline: .seconds(300))
            reign.endCheckpoint(isDone: true)
            alarm.ring()
        } catch {
            reign.endCheckpoint(isDone: false)
            logger.warning("the checkpoint after promotion failed", metadata: ["error": "\(error)"])
        }
    }

    /// Takes off the request this member was elected with, and tells what became of it. Clients are served already.
    func reportWonRequest() async {
        guard let won = requests.won else { return }
        requests.won = nil
        guard let outcome = won.outcome(for: me) else { return }
        await finish(
            won.request,
            SwitchoverResult(
                requestID: won.request.requestID, succeeded: outcome.succeeded, from: won.former, to: me,
                reason: outcome.reason, loss: won.loss))
    }
}
