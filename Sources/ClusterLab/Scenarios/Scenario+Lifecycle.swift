import ClusterRecords
import Fence
import KubernetesModels
import PostgresClusterAPI
import Units

extension Scenario {
    /// From nothing to three members and back to nothing but volumes, in a namespace of its own.
    public static let lifecycle = Scenario("lifecycle", "kubectl apply to running, kubectl delete to gone") {
        cluster, title in
        let fresh = LabCluster(
            lab: cluster.lab, namespace: "\(cluster.namespace)-life-\(BootClock.now().nanoseconds / 1_000_000)",
            name: cluster.name)
        try await fresh.prepareNamespace()
        do {
            let result = try await fresh.live(title)
            try await fresh.removeNamespace()
            return result
        } catch {
            cluster.lab.progress.say("\(title): \(error)\n\(await fresh.report())")
            try await fresh.delete()
            try await fresh.removeNamespace()
            throw error
        }
    }
}

extension LabCluster {
    /// The kinds a cluster consists of, and those that follow from them.
    private static let kinds = [
        "pods", "services", "endpoints", "endpointslices", "configmaps", "secrets", "serviceaccounts", "roles",
        "rolebindings", "statefulsets", "controllerrevisions", "poddisruptionbudgets",
        "networkpolicies.networking.k8s.io", "persistentvolumeclaims", "leases", "postgresclusters.matriarch.dev",
    ]

    /// Every object of those kinds in the namespace, as `kind/name`.
    func objects() async throws -> Set<String> {
        let names = try await lab.kubectl([
            "-n", namespace, "get", Self.kinds.joined(separator: ","), "-o", "name", "--ignore-not-found",
        ])
        return Set(names.split(separator: "\n").map(String.init))
    }

    fileprivate func live(_ title: String) async throws -> ScenarioResult {
        try await wait(for: "the default ServiceAccount", within: .seconds(30)) {
            let objects = try await objects()
            return objects.contains("serviceaccount/default") ? .reached(()) : .notYet("\(objects.count) objects")
        }
        let baseline = try await objects()
        var result = ScenarioResult(operation: title)
        let start = BootClock.now()
        try await apply()
        let firstWrite = try await firstWrite()
        result.figures["first write ms"] = (firstWrite - start).milliseconds
        let healthy = try await waitUntilHealthy(within: .seconds(120))
        result.figures["three running ms"] = (BootClock.now() - start).milliseconds
        result.leaderAfter = healthy.leader.name
        result.timeline = healthy.timeline
        lab.progress.say(
            "first write after \(result.figures["first write ms"] ?? 0) ms, three running after "
                + "\(result.figures["three running ms"] ?? 0) ms")

        let deletion = BootClock.now()
        try await delete()
        let left = try await wait(
            for: "the end of all parts but the volumes", within: .seconds(120), every: .milliseconds(200),
            saying: lab.progress
        ) { () -> Sight<Set<String>> in
            let left = try await objects().subtracting(baseline)
            let parts = left.filter { !$0.hasPrefix("persistentvolumeclaim/") }
            return parts.isEmpty ? .reached(left) : .notYet(parts.sorted().joined(separator: ", "))
        }
        result.figures["gone ms"] = (BootClock.now() - deletion).milliseconds
        let kept = Set((0..<3).map { "persistentvolumeclaim/\(scope.volumeClaim($0))" })
        result.require(left == kept, "left behind: \(left.sorted()); the volumes are \(kept.sorted())")
        let missing = baseline.subtracting(try await objects())
        result.require(missing.isEmpty, "gone although not ours: \(missing.sorted())")
        return result
    }

    /// Writes as soon as there is anything to write to.
    func firstWrite() async throws -> BootInstant {
        let account = try await wait(
            for: "Secret and Service", within: .seconds(60), every: .milliseconds(20), saying: lab.progress
        ) {
            .reached(try await target())
        }
        return try await wait(
            for: "the first accepted write", within: .seconds(120), every: .milliseconds(20), saying: lab.progress
        ) { () -> Sight<BootInstant> in
            // A new Service is not routed yet: an attempt that began then would not notice that it is meanwhile.
            try await Writer.prepareTable(at: account, deadline: .milliseconds(250))
            return .reached(BootClock.now())
        }
    }
}
