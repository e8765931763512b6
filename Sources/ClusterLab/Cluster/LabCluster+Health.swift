import ClusterRecords
import KubernetesModels
import PostgresClusterAPI
public import Units

/// All members are there, one writes, the others stream from it on the same timeline.
public struct HealthyCluster: Hashable, Sendable {
    public let leader: MemberSight
    public let replicas: [MemberSight]

    public var timeline: Timeline { leader.timeline ?? Timeline(rawValue: 0) }

    /// Asks the server of each Pod whether it writes, or streams from the one that does.
    static func look(at pods: [Pod], instances: Int, account: WriteTarget) async throws -> Sight<HealthyCluster> {
        guard pods.count == instances else {
            return .notYet("\(pods.count) of \(instances) Pods")
        }
        var members: [MemberSight] = []
        for pod in pods {
            guard let member = pod.metadata.name, let uid = pod.metadata.uid, let address = pod.status?.podIP else {
                return .notYet("a Pod without an address")
            }
            do {
                members.append(
                    try await MemberSight.look(name: member, podUID: uid, address: address, account: account))
            } catch {
                return .notYet("\(member): \(error)")
            }
        }
        let primaries = members.filter(\.isPrimary)
        guard primaries.count == 1, let leader = primaries.first else {
            return .notYet(members.map(\.description).joined(separator: ", "))
        }
        let replicas = members.filter { !$0.isPrimary }
        guard replicas.allSatisfy({ $0.isStreaming && $0.timeline == leader.timeline }) else {
            return .notYet(members.map(\.description).joined(separator: ", "))
        }
        return .reached(HealthyCluster(leader: leader, replicas: replicas))
    }
}

extension LabCluster {
    /// Waits until all members are ready and streaming on one timeline, and the Service leads to the one that writes.
    ///
    /// - Throws: ``LabError`` with what was seen last.
    @discardableResult
    public func waitUntilHealthy(instances: Int = 3, within limit: Duration = .seconds(120)) async throws
        -> HealthyCluster
    {
        try await wait(
            for: "\(instances) members of \(name) streaming on one timeline", within: limit, every: .milliseconds(150),
            saying: lab.progress
        ) {
            try await healthSight(instances: instances)
        }
    }

    private func healthSight(instances: Int) async throws -> Sight<HealthyCluster> {
        let pods = try await pods()
        guard pods.count == instances else {
            return .notYet("\(pods.count) of \(instances) Pods")
        }
        let unready = pods.filter { !Self.isReady($0) }
        guard unready.isEmpty else {
            return .notYet(unready.map { "\($0.metadata.name ?? "?") \(Self.state($0))" }.joined(separator: ", "))
        }
        let sight = try await HealthyCluster.look(at: pods, instances: instances, account: try await target())
        guard case .reached(let healthy) = sight else { return sight }
        let labelled = pods.filter { $0.metadata.labels?[Labels.role] == RoleLabel.primary.rawValue }
            .compactMap(\.metadata.name)
        guard labelled == [healthy.leader.name] else {
            return .notYet("\(healthy.leader.name) writes, but labelled \(RoleLabel.primary.rawValue): \(labelled)")
        }
        return sight
    }

    static func isReady(_ pod: Pod) -> Bool {
        pod.metadata.deletionTimestamp == nil
            && pod.status?.conditions?.contains { $0.type == "Ready" && $0.status == "True" } == true
    }

    /// A few words on why a Pod is not ready.
    static func state(_ pod: Pod) -> String {
        if pod.metadata.deletionTimestamp != nil { return "being deleted" }
        let container = pod.status?.containerStatuses?.first
        if let waiting = container?.state?.waiting { return "waiting (\(waiting.reason ?? "?"))" }
        if let terminated = container?.state?.terminated {
            return "ended with \(terminated.exitCode.map(String.init) ?? "?")"
        }
        return container?.ready == false ? "not ready" : pod.status?.phase ?? "without status"
    }
}
