import HighAvailability
import Units

extension Pod {
    private var world: World { server.world }

    // MARK: init

    /// The agent's message: kill PostgreSQL at this instant unless a later message comes.
    func armFence(until instant: BootInstant) {
        fence = instant
        world.schedule(self, at: instant, owner) { [self] in
            guard fence == instant else { return }
            fence = nil
            world.note("\(world.name(member)): the fence falls")
            server.kill()
        }
    }

    func disarmFence() {
        fence = nil
    }

    func startAgent() {
        guard isRunning, agent == nil else { return }
        agentLife += 1
        frozenAgent = 0
        let agent = AgentLife(world: world, pod: self)
        self.agent = agent
        do {
            try agent.run()
        } catch {
            world.note("\(world.name(member)): the agent does not start: \(error)")
        }
    }

    /// What is left of it frees what it holds; see ``AgentLife/end()``.
    private func endAgentLife() {
        agent?.end()
        agent = nil
        agentLife += 1
    }

    /// The agent crashed: its tools are killed, PostgreSQL runs on under the fence, and init starts another agent.
    func killAgent() {
        guard agent != nil else { return }
        endAgentLife()
        frozenAgent = 0
        server.kill(tools: true)
        let pause = agentBackoff
        agentBackoff = min(agentBackoff * 2, .seconds(5))
        world.schedule(after: pause, owner) { [self] in if !isTerminating { startAgent() } else { end() } }
    }

    /// The agent ended by itself, in order: init ends with it.
    func agentEnded() {
        endAgentLife()
        end()
    }

    // MARK: kubelet

    func startContainer() {
        guard !isGone, !isRunning else { return }
        life += 1
        isRunning = true
        (frozenAgent, frozenServer, frozenPostmaster, frozenPod) = (0, 0, 0, 0)
        containerInstance = "c\(world.nextIdentifier())"
        fence = nil
        agentBackoff = .milliseconds(100)
        world.schedule(after: world.random.next(in: 50_000...300_000), owner) { [self] in startAgent() }
    }

    private func stopProcesses() {
        endAgentLife()
        server.kill()
        server.kill(tools: true)
        (frozenAgent, frozenServer, frozenPostmaster, frozenPod) = (0, 0, 0, 0)
        isRunning = false
        life += 1
        fence = nil
        deferred = []
    }

    /// PID 1 was killed: the whole container with it. The kubelet reports it and starts another.
    func killContainer() {
        guard isRunning else { return }
        world.note("\(world.name(member)): the container is killed")
        let dead = containerInstance
        stopProcesses()
        guard !isTerminating else { return end() }
        restarts += 1
        // The first restart is at once, the next ones wait: 10 s, 20 s, …
        let isInBackOff = restarts > 1
        let pause = isInBackOff ? Microseconds.seconds(10 << min(Int64(restarts - 2), 2)) : 0
        world.schedule(after: world.random.next(in: 100_000...1_000_000), .world) { [self] in
            report(dead, isInBackOff: isInBackOff)
        }
        world.schedule(after: pause + world.random.next(in: 300_000...1_200_000), .world) { [self] in
            guard !isRunning, !isPoweredOff else { return }
            startContainer()
            report(nil, isInBackOff: false)
        }
    }

    /// The kubelet writes the status, or tries again until it reaches the API.
    private func report(_ dead: String?, isInBackOff: Bool) {
        guard !isGone, !isPoweredOff else { return }
        guard world.network.reachesAPI(node) else {
            return world.schedule(after: 1_000_000, .world) { [self] in report(dead, isInBackOff: isInBackOff) }
        }
        if let dead { reported.terminated = [dead] }
        reported.isInBackOff = isInBackOff && !isRunning
        guard world.api.pods[member]?.podUID == uid else { return }
        let status = reported
        world.changePod(member) { pod in
            pod.terminatedInstances = status.terminated
            pod.isInBackOff = status.isInBackOff
        }
    }

    /// The machine is off: nothing runs, nobody reports.
    func powerOff() {
        isPoweredOff = true
        stopProcesses()
    }

    func powerOn() {
        isPoweredOff = false
        guard !isGone else { return }
        let dead = containerInstance
        world.schedule(after: world.random.next(in: 1_000_000...4_000_000), .world) { [self] in
            guard !isRunning, !isPoweredOff, !isGone else { return }
            startContainer()
            report(dead.isEmpty ? nil : dead, isInBackOff: false)
        }
    }

    // MARK: Deletion

    /// A graceful deletion: SIGTERM, and SIGKILL after the grace period.
    func delete() {
        guard isRunning, !isTerminating else { return }
        world.note("\(world.name(member)): the Pod is deleted")
        isTerminating = true
        world.changePod(member) { $0.isBeingDeleted = true }
        world.schedule(after: world.random.next(in: 10_000...100_000), owner) { [self] in
            if let agent { agent.stop() } else { end() }
        }
        world.schedule(after: .seconds(60), .world) { [self] in if !isGone { end() } }
    }

    /// The container has ended for good. The data stays, and the next Pod of the name gets it.
    func end() {
        guard !isGone else { return }
        stopProcesses()
        isGone = true
        guard isTerminating, isInAPI else { return }
        isInAPI = false
        world.setPod(member, nil)
        world.schedule(after: world.random.next(in: 200_000...1_500_000), .world) { [self] in
            world.addPod(member: member, node: node, data: server)
        }
    }

    /// Force-deleted while its node is cut off: the name goes to a new Pod elsewhere, and this one runs on unseen.
    ///
    /// - Parameter movesVolume: the volume is detached by force and goes with the name; PostgreSQL here cannot go on without
    ///   it, the agent can. Otherwise the new Pod starts with nothing.
    func forceDelete(to other: Int, movesVolume: Bool) {
        guard isInAPI, !isGone, !isPoweredOff, world.network.apiDown == 0 else { return }
        world.note(
            "\(world.name(member)): the Pod is force-deleted and runs on\(movesVolume ? ", without its volume" : "")")
        isInAPI = false
        world.setPod(member, nil)
        // What nobody else has cannot be had again by any election: only a standby's volume is lost, and none on which an
        // election of a synchronous mode may have to rely.
        let movesVolume = movesVolume || server.process != .standby || world.plan.synchronous.mode != .off
        losesData = !movesVolume
        if movesVolume { server.kill() }
        let moved = PostgresServer(world: world, pod: index)
        if movesVolume {
            moved.copyFiles(of: server)
            server.data = .detached
        }
        world.schedule(after: world.random.next(in: 500_000...3_000_000), .world) { [self] in
            world.addPod(member: member, node: other, data: moved)
        }
        endWhenSeen()
    }

    /// The node's kubelet learns that the Pod is gone as soon as it hears the API again.
    private func endWhenSeen() {
        world.schedule(after: world.random.next(in: 200_000...2_000_000), .world) { [self] in
            guard world.network.hearsAPI(node), world.network.reachesAPI(node) else { return endWhenSeen() }
            end()
        }
    }
}

extension World {
    /// A new Pod takes a name.
    func addPod(member: Int, node: Int, data: PostgresServer?) {
        let server = PostgresServer(world: self, pod: pods.count)
        if let data { server.copyFiles(of: data) }
        let pod = Pod(index: pods.count, member: member, node: node, clock: plan.clocks[node], server: server)
        pods.append(pod)
        current[member] = pod.index
        setPod(member, Member(name: name(member), podUID: pod.uid, host: pod.address, apiURL: pod.address))
        pod.startContainer()
    }
}
