import Fence
import KubernetesModels
import PostgresClusterAPI
import Units

extension Scenario {
    /// `kubectl delete pod` of the leader, with its grace period.
    public static let podDeletion = Scenario("pod-deletion", "kubectl delete pod of the leader") { cluster, title in
        try await cluster.measure(title, cluster.deletingLeader()).leaderReplaced
    }

    /// kill -9 of the leader's first PostgreSQL process.
    public static let postmasterKill = Scenario("postmaster-kill", "kill -9 of the postmaster") { cluster, title in
        var result = try await cluster.measure(title, cluster.killingPostmaster()).result
        result.require(
            result.leaderAfter == result.leaderBefore,
            "\(result.leaderBefore ?? "?") should have been restarted in place, \(result.leaderAfter ?? "?") leads")
        return result
    }

    /// kill -9 of the leader's PID 1: the container ends and is started again.
    public static let initKill = Scenario("init-kill", "kill -9 of the leader's PID 1") { cluster, title in
        try await cluster.forgetRestarts()
        return try await cluster.measure(title, cluster.killingInit()).result
    }

    /// The same while the kubelet holds the container back: it does not come again for 10 s or more.
    public static let initKillInBackOff = Scenario(
        "init-kill-back-off", "kill -9 of the leader's PID 1, container in back-off"
    ) { cluster, title in
        try await cluster.haveLeaderThatCrashed()
        return try await cluster.measure(title, cluster.killingInitForGood()).leaderReplaced
    }

    /// Nobody but the agents is there when the leader dies.
    public static let operatorAbsent = Scenario(
        "operator-absent", "operator scaled to 0, leader's PID 1 killed"
    ) { cluster, title in
        // Otherwise the leader may be back, and lead again, before anybody takes its place.
        try await cluster.haveLeaderThatCrashed()
        let operators = OperatorScale(lab: cluster.lab)
        let before = try await operators.scale(to: 0)
        let outcome: InterruptionOutcome
        do {
            outcome = try await cluster.measure(title, cluster.killingInitForGood())
            try await operators.scale(to: max(1, before))
        } catch {
            try await operators.scale(to: max(1, before))
            throw error
        }
        // The operator that comes back shows who leads, and does nothing about it.
        try await wait(
            for: "\(outcome.after.leader.name) in status", within: .seconds(60), saying: cluster.lab.progress
        ) {
            let primary = try await cluster.resource().status?.primary
            return primary == outcome.after.leader.name ? .reached(()) : .notYet("primary \(primary ?? "none")")
        }
        let last = try await cluster.waitUntilHealthy()
        var result = outcome.leaderReplaced
        result.require(
            last.leader.name == outcome.after.leader.name && last.timeline == outcome.after.timeline,
            "with the operator back \(last.leader.name) leads on timeline \(last.timeline)")
        return result
    }
}

extension InterruptionOutcome {
    /// The result, with the demand that another member leads.
    var leaderReplaced: ScenarioResult {
        var result = result
        result.require(after.leader.name != before.leader.name, "\(before.leader.name) leads again")
        result.require(after.timeline > before.timeline, "the timeline is still \(after.timeline)")
        return result
    }
}

extension MeasuredCluster {
    func deletingLeader() -> Interruption {
        Interruption(
            act: { healthy in
                try await lab.kubectl(["-n", namespace, "delete", "pod", healthy.leader.name, "--wait=false"])
                return BootClock.now()
            }, isBack: Interruption.leaderChanged)
    }

    func killingPostmaster() -> Interruption {
        Interruption(
            act: { healthy in
                let postmaster = try process(of: healthy.leader, "postmaster", \.postmaster)
                try postmaster.kill()
                try await wait(for: "another postmaster", within: .seconds(60), every: .milliseconds(10)) {
                    let new = PodProcesses(podUID: healthy.leader.podUID).postmaster
                    return new.map { $0.identifier != postmaster.identifier } ?? false
                        ? .reached(()) : .notYet("none yet")
                }
                return BootClock.now()
            }, isBack: { _, _ in true })
    }

    /// The process of a member's Pod, on this machine.
    func process(
        of member: MemberSight, _ what: String, _ choose: (PodProcesses) -> HostProcess?
    ) throws(LabError) -> HostProcess {
        let processes = PodProcesses(podUID: member.podUID)
        guard let process = choose(processes) else {
            let names = processes.all.map(\.name).joined(separator: ", ")
            throw LabError(
                "found no \(what) of \(member.name) on this machine (\(names.isEmpty ? "no processes" : names)); "
                    + "this needs root on the node the Pod runs on")
        }
        return process
    }
}

extension LabCluster {
    /// Replaces every Pod whose container was restarted, so that the kubelet holds none back: it waits longer after each
    /// crash of the same Pod, and the next run would measure that.
    @discardableResult
    func forgetRestarts() async throws -> HealthyCluster {
        var healthy = try await waitUntilHealthy()
        for pod in try await pods() where Self.restarts(of: pod) > 0 {
            guard let name = pod.metadata.name else { continue }
            try await lab.kubectl(["-n", namespace, "delete", "pod", name, "--wait=false"])
            try await wait(for: "another Pod \(name)", within: .seconds(90), every: .milliseconds(150)) {
                let uid = try await pods().first { $0.metadata.name == name }?.metadata.uid
                return uid != nil && uid != pod.metadata.uid ? .reached(()) : .notYet("the old one")
            }
            healthy = try await waitUntilHealthy()
        }
        return healthy
    }

    private static func restarts(of pod: Pod) -> Int {
        (pod.status?.containerStatuses ?? []).reduce(0) { $0 + ($1.restartCount ?? 0) }
    }

    /// Kills PID 1 and waits until it, and with it every process of the container, is gone.
    func killInit(of member: MemberSight) async throws {
        let process = try process(of: member, "PID 1 of the container", \.initProcess)
        try process.kill()
        try await wait(for: "the end of PID 1 of \(member.name)", within: .seconds(10), every: .milliseconds(2)) {
            HostFile.exists("/proc/\(process.identifier)/cgroup")
                && HostFile.read("/proc/\(process.identifier)/cmdline")?.isEmpty == false
                ? .notYet("process \(process.identifier) is there") : .reached(())
        }
    }

    /// A first crash is forgiven at once, so one happens before the measured one, while the member is a replica.
    func haveLeaderThatCrashed() async throws {
        let healthy = try await forgetRestarts()
        guard let victim = healthy.replicas.first else { throw LabError("there is no replica") }
        try await killInit(of: victim)
        _ = try await switchOver("switchover to \(victim.name)", to: victim.name)
    }

    /// Of a leader that has crashed before: the kubelet holds it back.
    func killingInitForGood() -> Interruption {
        killingInit { healthy in
            let victim = healthy.leader.name
            try await wait(for: "CrashLoopBackOff of \(victim)", within: .seconds(10)) {
                let pod = try await pod(victim)
                return pod.status?.containerStatuses?.first?.state?.waiting?.reason == "CrashLoopBackOff"
                    ? .reached(()) : .notYet(LabCluster.state(pod))
            }
        }
    }

    func killingInit(
        then check: @escaping (HealthyCluster) async throws -> Void = { _ in }
    ) -> Interruption {
        Interruption(
            act: { healthy in
                try await killInit(of: healthy.leader)
                let gone = BootClock.now()
                try await check(healthy)
                return gone
            }, isBack: { _, _ in true }, tolerated: [.lossAtTheEnd])
    }
}
