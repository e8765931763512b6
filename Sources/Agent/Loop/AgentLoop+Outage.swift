import ClusterStore
import HighAvailability
import PostgresConfiguration
import PostgresInstance
import Units

extension AgentLoop {
    /// Keeps account of how long this leader has been without a primary, and asks who could take over once that matters.
    func noteOutage(_ view: ClusterView) async {
        guard watch.standing(ttl: view.configuration.timings.ttl).isMine, !isStopping, !view.configuration.isPaused,
            view.configuration.standbyCluster == nil
        else { return outage.end() }
        var current = outage.current ?? PrimaryOutage(since: life.silentSince ?? .now())
        switch (activity?.kind, server) {
        // What is seen of a promotion is noted while it is under way.
        case (.startingPrimary?, _), (.promoting?, .standby): break
        case (nil, .starting): current.noteStart()
        case (nil, .unresponsive): current.noteSilence()
        case (nil, .stopped(let stopped)) where stopped.wasPrimary:
            current.noteEnd(isClean: stopped.isClean, at: .now())
        // Elected, and not promoted yet.
        case (nil, .stopped), (nil, .standby): current.noteStart()
        case (nil, .primary):
            guard outage.current != nil else { return outage.end() }
            // What is silent for the moment has not answered; it is soon told from what does not answer any more.
            if life.silentSince == nil { current.noteAnswer(at: .now()) }
            if life.silentSince == nil, current.isOver(at: .now(), view.configuration.timings) { return outage.end() }
            outage.noteAnswer(current)
            return
        case (nil, _): return outage.end()
        // Another action is under way, and says by itself what comes of it.
        case (_?, _): return
        }
        outage.noteMissing(current)
        let isElected = if case .standby = server { true } else { false }
        let reason =
            isElected
            ? current.reasonToEndPromotion(at: .now(), view.configuration)
            : current.reasonToGiveWay(at: .now(), view.configuration)
        guard reason != nil else { return }
        guard outage.isLookDue(at: .now()) else { return }
        // A member that gets next to no processor time takes seconds to hear what the others said at once.
        let name = await successor(view, within: current.isIll ? .seconds(3) : .seconds(1))
        outage.noteSuccessor(name, nextLook: .now() + .seconds(1))
    }

    private func successor(_ view: ClusterView, within limit: Duration) async -> String? {
        let others = view.members.values.filter { $0.name != me && !$0.isBeingDeleted }
        let reports = await peers.positions(of: Array(others), within: limit)
        return chooseSuccessor(
            reports, published: view.lock?.position, recordedTimeline: view.recordedTimeline,
            maximumLag: view.configuration.maximumLagOnFailover,
            record: view.synchronous.flatMap { $0.isActive ? $0 : nil })
    }

    /// A startup process that cannot end its recovery, for example because the disk is full, takes the server with it.
    func noteFailedPromotion() async {
        let deadline = BootInstant.now() + .seconds(1)
        while instance.runningPostmaster != nil, BootInstant.now() < deadline, !Task.isCancelled {
            do { try await Task.sleep(for: .milliseconds(10)) } catch { return }
        }
        if instance.runningPostmaster == nil { outage.noteFailedStart() }
    }

    /// Starts the server as a primary; an end before it lets anybody in is a failed start.
    func bringUpPrimary(_ settings: PostgresSettings) async throws {
        do {
            try await instance.start(settings, as: .primary)
        } catch {
            outage.noteFailedStart()
            throw error
        }
        outage.noteComingUp()
        life.apply(settings, .primary)
        switch try await instance.waitUntilAccepting(deadline: .seconds(300)) {
        case .acceptingConnections: break
        case .starting:
            throw AgentError(.actionFailed, "PostgreSQL is still starting up")
        case .exited(let status):
            outage.noteFailedStart()
            throw AgentError(.actionFailed, "PostgreSQL did not come up (\(status)); its log says why")
        }
    }

    /// How long a fast stop may take before it is made an immediate one.
    ///
    /// - Parameter longest: what the caller has, whatever the settings say.
    func stopLimit(_ longest: Duration = .seconds(600)) -> Duration {
        let configured = watch.view()?.configuration.primaryStopTimeout ?? .zero
        return min(configured > .zero ? configured : .seconds(30), longest)
    }
}
