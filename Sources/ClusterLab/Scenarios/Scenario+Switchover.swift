import Fence
import KubernetesModels
import PostgresClusterAPI
import Units

extension Scenario {
    /// `kubectl patch` of spec.switchover, to a named candidate.
    public static let switchover = Scenario("switchover", "switchover by kubectl patch") { cluster, title in
        try await cluster.switchOver(title).result
    }
}

extension LabCluster {
    /// Switches over while an application writes.
    ///
    /// - Parameter candidate: nil takes the first replica.
    func switchOver(_ title: String, to candidate: String? = nil, instances: Int = 3) async throws
        -> InterruptionOutcome
    {
        let healthy = try await waitUntilHealthy(instances: instances)
        guard let wanted = candidate ?? healthy.replicas.first?.name else { throw LabError("there is no replica") }
        guard wanted != healthy.leader.name else { throw LabError("\(wanted) leads already") }
        let identifier = "lab-\(BootClock.now().nanoseconds)"
        var interruption = Interruption(
            act: { _ in
                try await patch(spec: ["switchover": ["candidate": .string(wanted), "id": .string(identifier)]])
                return BootClock.now()
            }, isBack: Interruption.leaderChanged)
        interruption.instances = instances
        var outcome = try await measure(title, interruption)
        outcome.result.require(
            outcome.after.leader.name == wanted, "\(outcome.after.leader.name) leads, \(wanted) was asked for")
        let status = try await wait(for: "the switchover in status", within: .seconds(20), saying: lab.progress) {
            () -> Sight<SwitchoverStatus> in
            guard let status = try await resource().status?.switchover, status.id == identifier else {
                return .notYet("status.switchover is of another request")
            }
            return status.phase.isFinal ? .reached(status) : .notYet("phase \(status.phase.rawValue)")
        }
        outcome.result.require(
            status.phase == .succeeded, "status.switchover is \(status.phase.rawValue), \(status.reason)")
        if let outage = status.outageMillis { outcome.result.figures["outage by status ms"] = outage }
        return outcome
    }
}
