import HighAvailability
import Units

extension World {
    /// Plans everything that will go wrong, and its end.
    func planFaults() {
        for fault in plan.faults {
            schedule(after: fault.start - now, .world) { [self] in
                note("fault: \(fault.kind) for \(fault.duration / 1000) ms")
                begin(fault)
            }
        }
    }

    func begin(_ fault: Fault) {
        switch fault.kind {
        case .cutFromAPI(let node): lasting(fault) { [self] in network.blockedFromAPI[node] += $0 }
        case .cutToAPI(let node): lasting(fault) { [self] in network.blockedToAPI[node] += $0 }
        case .cutBothAPI(let node):
            lasting(fault) { [self] in
                network.blockedFromAPI[node] += $0
                network.blockedToAPI[node] += $0
            }
        case .cutLink(let from, let to): lasting(fault) { [self] in network.blocked[from][to] += $0 }
        case .isolate(let node): lasting(fault) { [self] in network.isolate(node, $0) }
        case .apiDown: lasting(fault) { [self] in network.apiDown += $0 }
        case .apiSlow(let delay): lasting(fault) { [self] in network.apiDelay += .milliseconds(Int64(delay * $0)) }
        case .apiErrors(let rate): lasting(fault) { [self] in network.apiRefusalsPerMille += rate * $0 }
        case .apiTimeouts(let rate): lasting(fault) { [self] in network.apiTimeoutsPerMille += rate * $0 }
        case .watchSlow(let delay): lasting(fault) { [self] in network.watchDelay += .milliseconds(Int64(delay * $0)) }
        case .watchSilent(let member):
            // A dead connection is noticed by keepalive, long before the watch's own idle timeout.
            holder(of: member).breakWatches(noticedAfter: 5_000_000...30_000_000)
        case .watchExpired:
            for pod in pods { pod.breakWatches(noticedAfter: 1_000...60_000) }
        case .freezeAgent(let member): freeze(fault, member, \.frozenAgent)
        case .freezePostmaster(let member): freeze(fault, member, \.frozenPostmaster)
        case .freezeServer(let member): freeze(fault, member, \.frozenServer)
        case .freezePod(let member): freeze(fault, member, \.frozenPod)
        case .killAgent(let member): holder(of: member).killAgent()
        case .killPostmaster(let member): holder(of: member).server.killPostmaster()
        case .killContainer(let member): holder(of: member).killContainer()
        case .powerOff(let node):
            let off = pods.filter { $0.node == node && !$0.isGone }
            for pod in off { pod.powerOff() }
            schedule(after: fault.duration, .world) { for pod in off { pod.powerOn() } }
        case .deletePod(let member): holder(of: member).delete()
        case .forceDeletePod(let member): forceDelete(fault, member)
        case .switchover(let candidate):
            let leader = api.lock?.leader
            let target = candidate.map(name)
            guard leader != nil, target != leader else { return }
            ask(FailoverRequest(leader: leader, candidate: target, requestID: "r\(nextIdentifier())"))
        case .failover(let candidate):
            ask(FailoverRequest(candidate: name(candidate), requestID: "r\(nextIdentifier())"))
        case .restart(let member): orderRestart(of: member, until: now + fault.duration)
        case .reinitialize(let member, let isForced):
            orderReinitialize(of: member, isForced: isForced, until: now + fault.duration)
        case .pause:
            lasting(fault) { [self] change in changeSettings { $0.configuration.isPaused = change > 0 } }
        case .changeTimings:
            let former = api.settings.configuration.timings
            lasting(fault) { [self] change in
                changeSettings {
                    $0.configuration.timings = change > 0 ? .tolerant : former
                    // What the servers are to be given is changed with it: it is proven first.
                    $0.configuration.parameters["work_mem"] = change > 0 ? "8MB" : nil
                }
            }
        case .bulkWrite(let member):
            holder(of: member).server.commit(size: UInt64(random.next(in: 1_500_000...20_000_000))) { _ in }
        case .usurp: usurp()
        case .unreadableSettings:
            lasting(fault) { [self] change in
                unreadableSettings += change
                changeSettings { _ in }
            }
        case .takeNameOff: takeNameOff()
        case .deleteLock:
            deleteLockObject()
        case .replicationLag(let member, let delay):
            lasting(fault) { [self] in network.replicationDelay[member] += .milliseconds(Int64(delay * $0)) }
        case .stuckVolume(let member):
            let pod = holder(of: member)
            lasting(fault) { pod.stuckVolume += $0 }
        case .stalledReplay(let member):
            lasting(fault) { [self] in
                replayStalls[member] += $0
                for pod in pods where pod.member == member { pod.server.replay() }
            }
        }
    }

    func holder(of member: Int) -> Pod { pods[current[member]] }

    /// The next reign is nobody's: a holder that never renews, lawfully entered over the former one.
    func usurp() {
        guard let record = api.lock, record.leader != nil else { return }
        let ghost = "ghost-\(nextIdentifier())"
        write(HolderIdentity(member: ghost, podUID: ghost, nonce: ghost), over: record)
    }

    /// As the operator does, it withdraws what nobody has taken up in time: some of it while a leader gets ready, or while
    /// nobody leads, and some long after it was carried out.
    private func ask(_ request: FailoverRequest) {
        write(request)
        schedule(after: random.next(in: 500_000...60_000_000), .world) { [self] in
            if api.failover == request { write(nil as FailoverRequest?) }
        }
    }

    /// Takes the order back once it is answered, or its time is over.
    private func orderRestart(of member: Int, until end: Microseconds) {
        let server = holder(of: member).server
        let order = RestartOrder(
            id: "r\(nextIdentifier())", member: name(member),
            postmasterStartTime: server.isAnswering ? String(server.life) : nil)
        write(order)
        func look() {
            guard api.restart == order else { return }
            let report = api.pods[member]?.restart.flatMap { $0.id == order.id ? $0 : nil }
            if let report { restartReports[member] = report }
            if now >= end || report != nil { return write(nil as RestartOrder?) }
            schedule(after: 200_000, .world) { look() }
        }
        look()
    }

    /// The same for a new copy. What has begun goes on when its order is taken back.
    private func orderReinitialize(of member: Int, isForced: Bool, until end: Microseconds) {
        let order = ReinitializeOrder(id: "c\(nextIdentifier())", member: name(member), isForced: isForced)
        write(order)
        func look() {
            guard api.reinitialize == order else { return }
            let report = api.pods[member]?.reinitialize.flatMap { $0.id == order.id ? $0 : nil }
            if now >= end || report?.isFinal == true { return write(nil as ReinitializeOrder?) }
            schedule(after: 200_000, .world) { look() }
        }
        look()
    }

    /// - Parameter change: told +1 now and -1 at the end.
    private func lasting(_ fault: Fault, _ change: @escaping (Int) -> Void) {
        change(1)
        schedule(after: fault.duration, .world) { change(-1) }
    }

    private func freeze(_ fault: Fault, _ member: Int, _ count: ReferenceWritableKeyPath<Pod, Int>) {
        let pod = holder(of: member)
        let lives = pod.lives(of: fault.kind)
        pod[keyPath: count] += 1
        schedule(after: fault.duration, .world) { [self] in
            // What was killed meanwhile has taken its stillness with it, and what has started since was never still.
            guard pod.lives(of: fault.kind) == lives else { return }
            pod[keyPath: count] = max(0, pod[keyPath: count] - 1)
            if case .freezePod = fault.kind { pod.thawedAt = now }
            thaw(pod)
        }
    }

    /// The node is cut off, somebody deletes the Pod by force, a twin starts elsewhere; then the network heals, and the
    /// node's kubelet ends what nobody knew was still running.
    private func forceDelete(_ fault: Fault, _ member: Int) {
        let pod = holder(of: member)
        let spare = plan.members + member
        let twin = pod.node == spare ? member : spare
        guard !pod.isGone, !pod.isPoweredOff, !pods.contains(where: { $0.node == twin && !$0.isGone }) else { return }
        network.isolate(pod.node, 1)
        let moves = random.happens(perMille: 500)
        schedule(after: random.next(in: 100_000...3_000_000), .world) { pod.forceDelete(to: twin, movesVolume: moves) }
        schedule(after: fault.duration, .world) { [self] in network.isolate(pod.node, -1) }
    }
}
