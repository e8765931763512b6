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

    func changeSettings(_ change: (inout StoredState.Settings) -> Void) {
        change(&api.settings)
        writeSettings()
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
        setPod(member, pod)
    }

    func setPod(_ member: Int, _ pod: Member?) {
        api.pods[member] = pod
        showPod(name(member), pod)
    }
}
