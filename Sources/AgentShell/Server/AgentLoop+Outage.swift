import ClusterStore
import HighAvailability
import PostgresConfiguration
import ServerControl
import Units

extension AgentLoop {
    /// Keeps account of how long this leader has been without a primary, and asks who could take over once that matters.
    func noteOutage(_ view: ClusterView) async {
        let isMine = watch.standing(ttl: view.configuration.timings.ttl).isMine
        guard mayHaveOutage(isMine: isMine, isStopping: isStopping, view.configuration) else { return outage.end() }
        let look = lookAtOutage(
            outage.current, server, activity: activity?.kind, silentSince: life.silentSince,
            volumeStuckSince: volumeStuckSince, at: clock.now, view.configuration.timings)
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
        guard current.reasonToAsk(server, at: clock.now, view.configuration) != nil, outage.isLookDue(at: clock.now)
        else {
            return
        }
        let name = await successor(view, within: current.timeToAnswer)
        outage.noteSuccessor(name, nextLook: clock.now + PrimaryOutage.askAgain)
    }

    func successor(_ view: ClusterView, within limit: Duration) async -> String? {
        let others = view.members.values.filter { $0.name != me && !$0.isBeingDeleted }
        let reports = await peers.positions(of: Array(others), within: limit)
        return chooseSuccessor(
            reports, published: view.lock?.position, recordedTimeline: view.recordedTimeline,
            maximumLag: view.configuration.maximumLagOnFailover,
            record: view.synchronous.flatMap { $0.isActive ? $0 : nil })
    }
}
