import ClusterStore
import HighAvailability
import PostgresConfiguration
import PostgresInstance
import Units

extension AgentLoop {
    /// Keeps account of how long this leader has been without a primary, and asks who could take over once that matters.
    func noteOutage(_ view: ClusterView) async {
        let isMine = watch.standing(ttl: view.configuration.timings.ttl).isMine
        guard mayHaveOutage(isMine: isMine, isStopping: isStopping, view.configuration) else { return outage.end() }
        let look = lookAtOutage(
            outage.current, server, activity: activity?.kind, silentSince: life.silentSince, at: .now(),
            view.configuration.timings)
        switch look {
        case .none: outage.end()
        case .unchanged: break
        case .answering(let current):
            outage.noteAnswer(current)
        case .missing(let current):
            outage.noteMissing(current)
            await lookForSuccessor(current, view)
        }
    }

    private func lookForSuccessor(_ current: PrimaryOutage, _ view: ClusterView) async {
        guard current.reasonToAsk(server, at: .now(), view.configuration) != nil, outage.isLookDue(at: .now()) else {
            return
        }
        let name = await successor(view, within: current.timeToAnswer)
        outage.noteSuccessor(name, nextLook: .now() + PrimaryOutage.askAgain)
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
        Shutdown.stopLimit(configured: watch.view()?.configuration.primaryStopTimeout ?? .zero, longest: longest)
    }
}
