import HighAvailability
import Units

extension World {
    /// One request of an agent, with everything that may become of it.
    ///
    /// - Parameters:
    ///   - timeout: the client gives up after it; the server may not.
    ///   - operation: what the server does, at one instant.
    func request<Value>(
        _ pod: Pod, timeout: Microseconds, _ operation: @escaping (World) -> APIOutcome<Value>,
        _ then: @escaping (APIOutcome<Value>) -> Void
    ) {
        let owner = pod.agentOwner
        let limit = now + timeout
        let giveUp = { [self] in schedule(after: limit - now, owner) { then(.silent) } }
        schedule(after: apiHop(), .world) { [self] in
            guard network.reachesAPI(pod.node) else { return giveUp() }
            var outcome: APIOutcome<Value>
            if random.happens(perMille: network.apiTimeoutsPerMille) {
                switch random.index(below: 3) {
                case 0: return giveUp()
                case 1: _ = operation(self)
                // The write waits in some queue and lands when nobody waits for it any more.
                default:
                    schedule(after: random.next(in: 100_000...6_000_000), .world) { [self] in
                        if network.apiDown == 0 { _ = operation(self) }
                    }
                }
                return giveUp()
            }
            if random.happens(perMille: network.apiRefusalsPerMille) {
                outcome = random.happens(perMille: 250) ? .conflict : .refused
            } else {
                outcome = operation(self)
            }
            let back = apiHop()
            guard network.hearsAPI(pod.node), now + back <= limit else { return giveUp() }
            schedule(after: back, owner) { then(outcome) }
        }
    }

    /// Tells every watch.
    func publish(_ change: APIServer.Change) {
        for pod in pods { pod.agent?.notify(change) }
    }

    func writeLock(over version: String?, _ record: LockRecord) -> APIOutcome<LockRecord> {
        guard let written = api.writeLock(over: version, record) else { return .conflict }
        publish(.lock(written))
        return .answered(written)
    }

    /// - Invariant: the route never goes back to an earlier reign, nor to one by a lock object that was deleted since.
    func writeRoute(over version: String?, to pod: Int, under reign: Reign) -> APIOutcome<APIServer.StoredRoute> {
        let former = api.route
        guard let written = api.writeRoute(over: version, to: pod, under: reign) else { return .conflict }
        if let former, APIServer.isEarlier(reign, than: former.reign) {
            violate(.routeWentBack, "from epoch \(former.reign.epoch) to \(reign.epoch)")
        }
        publish(.route(written))
        return .answered(written)
    }

    func changeSettings(_ change: (inout APIServer.StoredSettings) -> Void) {
        change(&api.settings)
        if runsShell { return writeSettings() }
        api.settings.revision = api.nextVersion()
        publish(.settings(api.settings))
    }

    func changeFailover(_ request: FailoverRequest?) {
        if runsShell { return write(request) }
        api.failover = request
        _ = api.nextVersion()
        publish(.failover(request))
    }

    func changeRestart(_ order: RestartOrder?) {
        if runsShell { return write(order) }
        api.restart = order
        _ = api.nextVersion()
        publish(.restart(order))
    }

    /// Compare-and-swap on the record of synchronous replication.
    func writeSynchronous(_ next: SynchronousState, over former: SynchronousState?) -> APIOutcome<SynchronousState> {
        guard api.synchronous?.version == former?.version else { return .conflict }
        var written = next
        written.version = String(api.nextVersion())
        api.synchronous = written
        note("record: leader \(written.leader ?? "-"), \(written.members.sorted()), quorum \(written.quorum)")
        publish(.synchronous(written))
        checkSynchronousSet()
        return .answered(written)
    }

    /// Each set that may acknowledge meets each set that may be elected, after every write to either place.
    func checkSynchronousSet() {
        guard let record = api.synchronous, let leader = record.leader else { return }
        for pod in pods where name(pod.member) == leader && pod.server.process == .primary && pod.isInAPI {
            guard pod.server.reign == checker.reign, !meets(record, pod.server.names) else { continue }
            violate(
                .synchronousSet,
                "\(pod.server.names) may acknowledge what \(record.members.sorted()) with quorum \(record.quorum) lacks"
            )
        }
    }

    func changePod(_ member: Int, _ change: (inout Member) -> Void) {
        guard var pod = api.pods[member] else { return }
        change(&pod)
        guard pod != api.pods[member] else { return }
        api.pods[member] = pod
        _ = api.nextVersion()
        publish(.pod(member, pod))
        if runsShell { showPod(name(member), pod) }
    }

    func setPod(_ member: Int, _ pod: Member?) {
        api.pods[member] = pod
        _ = api.nextVersion()
        publish(.pod(member, pod))
        if runsShell { showPod(name(member), pod) }
    }
}
