import HighAvailability
import Units

extension World {
    /// Sets the stage: an empty cluster, its clients, its faults, its end.
    func begin() {
        api.settings.configuration.timings = plan.timings
        api.settings.configuration.synchronous = plan.synchronous
        api.settings.configuration.usesFailsafe = plan.usesFailsafe
        writeSettings()
        for member in 0..<plan.members { current.append(member) }
        for member in 0..<plan.members {
            let server = PostgresServer(world: self, pod: member)
            pods.append(
                Pod(index: member, member: member, node: member, clock: plan.clocks[member], server: server))
            let address = pods[member].address
            setPod(
                member, Member(name: name(member), podUID: pods[member].uid, host: address, apiURL: address))
            schedule(after: random.next(in: 0...500_000), .world) { [self] in pods[member].startContainer() }
        }
        planFaults()
        schedule(after: 1_000_000, .world) { [self] in writeThroughService() }
        schedule(after: plan.quietUntil - 1, .world) { [self] in roleChangesAtStart = checker.roleChanges }
        schedule(after: plan.healAt, .world) { [self] in
            isHealed = true
            if plan.budget == .withinTolerance, checker.roleChanges != roleChangesAtStart {
                violate(.falseFailover, "the leader changed though every fault was within its budget")
            }
            lookWhetherWhole(times: 0)
        }
    }

    // MARK: Clients

    /// A client that stays with one server, whatever the Service says: it is the one a fence is for.
    func writePinned(to server: PostgresServer) {
        schedule(after: random.next(in: 100_000...700_000), server.owner) { [self] in
            guard server.process == .primary, !areClientsAway else { return }
            server.commit(size: UInt64(random.next(in: 60...9_000))) { _ in }
            writePinned(to: server)
        }
    }

    /// A client that goes where the Service leads, be that a standby that is being promoted.
    private func writeThroughService() {
        schedule(after: random.next(in: 400_000...900_000), .world) { [self] in
            if !areClientsAway, let target = api.route?.pod {
                let server = pods[target].server
                schedule(after: hop(), server.owner) { [self] in
                    server.commit(size: UInt64(random.next(in: 60...9_000))) { _ in }
                }
            }
            writeThroughService()
        }
    }

    // MARK: The end

    private func lookWhetherWhole(times: Int) {
        // Promoted after it was deleted, and gone with the only copy of its reign: nobody may be elected, and nobody is.
        if checker.reigningPod >= 0, pods[checker.reigningPod].losesData { return stop() }
        let missing = whatIsMissing()
        if missing == nil, times >= 1 { return stop() }
        if isBlockedByList {
            checker.blocked += 1
            return stop()
        }
        if now + 500_000 >= plan.end, let missing { return violate(.notWhole, missing) }
        schedule(after: 500_000, .world) { [self] in lookWhetherWhole(times: missing == nil ? times + 1 : 0) }
    }

    /// Nobody who may take the lock can be elected, and somebody who can be is in no failsafe list: the successor of a Pod that
    /// was replaced while the API server could not be told. Nobody leads until a person removes the list.
    private var isBlockedByList: Bool {
        guard now > plan.healAt + .seconds(60), let lock = api.lock, lock.leader != nil, let list = lock.failsafe,
            !pods.contains(where: { $0.server.process == .primary })
        else { return false }
        let existing = Dictionary(
            api.pods.compactMap { pod in pod?.podUID.map { ($0, pod) } }, uniquingKeysWith: { first, _ in first })
        let holder = lock.identity.flatMap { existing[$0.podUID] } ?? nil
        // An end that is proven lifts the list.
        if let container = lock.containerInstance, holder?.terminatedInstances.contains(container) == true {
            return false
        }
        let isGone = holder == nil && !list.entries.contains { $0.podUID.map { existing[$0] != nil } ?? true }
        func mayTake(_ pod: Pod) -> Bool {
            list.entries.contains { $0.podUID == pod.uid || (isGone && $0.name == name(pod.member)) }
        }
        let electable = current.map { pods[$0] }.filter { canBeElected($0, over: lock) }
        return !electable.isEmpty && !electable.contains(where: mayTake)
    }

    /// By its data, the history and the synchronous record, if all who can answer do, and whatever of it starts again; never too
    /// strictly.
    private func canBeElected(_ pod: Pod, over lock: LockRecord) -> Bool {
        let (server, configuration) = (pod.server, api.settings.configuration)
        let cluster = ClusterView(lock: lock, history: api.settings.history)
        guard server.data == .initialized, cluster.recordedTimeline.map({ server.timeline >= $0.rawValue }) ?? true
        else {
            return false
        }
        if !server.hasPostmaster, let stopped = server.stopped,
            cluster.isOnUnrecordedCourse(stopped, of: name(pod.member))
        {
            return false
        }
        guard let record = api.synchronous, record.isActive else {
            let lag = lock.position?.bytes(since: LSN(rawValue: server.received))
            return lag.map { $0 <= configuration.maximumLagOnFailover } ?? true
        }
        let isMember = record.members.contains(name(pod.member))
        if record.leader == name(pod.member) || (record.quorum == 0 && isMember) { return true }
        let votes = current.map { pods[$0] }.filter { voter in
            record.members.contains(name(voter.member)) && voter.server.process == .standby
                && (voter.server.timeline, voter.server.received) <= (server.timeline, server.received)
        }
        return votes.count > record.quorum && (isMember || configuration.synchronous.mode != .on)
    }

    /// One primary that holds the lock and has the route, and everybody else streaming from it; nil when all that is so.
    func whatIsMissing() -> String? {
        let primaries = pods.filter { $0.server.process == .primary }
        guard primaries.count == 1, let primary = primaries.first else { return "\(primaries.count) primaries" }
        guard let agent = primary.agent, agent.holdsLock, api.lock?.identity == agent.identity else {
            return "the primary does not hold the lock"
        }
        guard api.route?.pod == primary.index else { return "the route does not lead to the primary" }
        for member in 0..<plan.members {
            let pod = holder(of: member)
            guard (api.pods[member]?.isLabelledPrimary ?? false) == (pod === primary) else {
                return "\(name(member)) has the wrong label"
            }
            guard pod !== primary else { continue }
            guard pod.server.process == .standby, pod.server.connection != nil, pod.server.upstream == primary.index
            else {
                return "\(name(member)) does not stream: \(pod.server.process)"
            }
            guard log.contains(primary.server.branch, primary.server.flushed, pod.server.branch, pod.server.received)
            else {
                return "\(name(member)) is on another course"
            }
        }
        return nil
    }
}
