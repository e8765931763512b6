/// Ours and Patroni's in one run: the same writer, the same Kubernetes, the same hour, each operation in turn on both.
public struct Comparison: Sendable {
    /// One operation on both sides.
    struct Operation: Sendable {
        let name: String
        let title: String
        let bar: Bar
        /// How many times quicker ours has to be, by the medians; nil is not judged.
        let factor: Double?
        let ours: Scenario
        let theirs: @Sendable (PatroniCluster, String) async throws -> ScenarioResult
    }

    static let operations: [Operation] = [
        Operation(
            name: "switchover", title: "switchover", bar: Bar(.outage, median: 600, maximum: 1_200), factor: 2.5,
            ours: .switchover, theirs: { try await $0.switchOver($1) }),
        Operation(
            name: "pod-deletion", title: "kubectl delete pod of the leader",
            bar: Bar(.outage, median: 900, maximum: 1_500), factor: 2.5, ours: .podDeletion,
            theirs: { try await $0.deleteLeader($1) }),
        Operation(
            name: "postmaster-kill", title: "kill -9 of the postmaster",
            bar: Bar(.outage, median: 800, maximum: 1_500), factor: nil, ours: .postmasterKill,
            theirs: { try await $0.killPostmaster($1) }),
    ]

    public static var operationNames: [String] { operations.map(\.name) }

    private let ours: LabCluster
    private let theirs: PatroniCluster
    private let record: ComparisonRecord
    private let operations: [Operation]

    /// - Parameters:
    ///   - record: what earlier runs have shown counts; each run is added to it at once.
    ///   - names: the operations; empty for all.
    public init(ours: LabCluster, theirs: PatroniCluster, record: ComparisonRecord, operations names: [String] = []) {
        self.ours = ours
        self.theirs = theirs
        self.record = record
        operations = Self.operations.filter { names.isEmpty || names.contains($0.name) }
    }

    /// Runs what is missing of `runs` of each operation on each side.
    ///
    /// A run that fails is recorded as such, and the next begins when the cluster has recovered.
    ///
    /// - Returns: one report for each operation.
    /// - Throws: ``LabError`` when a cluster does not come up or does not recover.
    public func run(_ runs: Int) async throws -> [ComparisonReport] {
        let total = runs * operations.count * 2
        var done = operations.reduce(0) { count, operation in
            count + Side.allCases.reduce(0) { $0 + min(runs, record.count(of: operation.name, $1)) }
        }
        if done < total {
            progress.say("\(done) of \(total) runs are recorded in \(record.path)")
            try await Bench(cluster: ours).prepare()
            progress.say("ours is well; preparing Patroni's")
            try await theirs.prepare()
        }
        for run in 0..<runs {
            for operation in operations {
                // Who begins takes turns: what the first leaves behind the second must not always meet.
                for side in run % 2 == 0 ? Side.allCases : Side.allCases.reversed()
                where record.count(of: operation.name, side) <= run {
                    done += 1
                    progress.say("run \(done) of \(total): \(operation.title), \(side.title)")
                    try record.append(await outcome(of: operation, on: side), of: operation.name, side)
                }
            }
        }
        return reports(runs)
    }

    /// What the record says now.
    public func reports(_ runs: Int) -> [ComparisonReport] {
        operations.map { operation in
            ComparisonReport(
                operation: operation, runs: runs, ours: record.outcomes(of: operation.name, .ours),
                theirs: record.outcomes(of: operation.name, .patroni))
        }
    }

    /// Takes both clusters away with their namespaces.
    public func removeClusters() async throws {
        if try await ours.exists() { try await ours.delete() }
        try await ours.removeNamespace()
        try await theirs.removeNamespace()
    }

    private var progress: Progress { ours.lab.progress }

    private func outcome(of operation: Operation, on side: Side) async throws -> ComparisonOutcome {
        do {
            switch side {
            case .ours: return ComparisonOutcome(try await operation.ours.run(on: ours))
            case .patroni: return ComparisonOutcome(try await operation.theirs(theirs, "\(operation.title), Patroni"))
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            progress.say("\(operation.title), \(side.title), failed: \(error)")
            switch side {
            case .ours:
                progress.say(await ours.report())
                try await ours.waitUntilHealthy(within: .seconds(240))
            case .patroni:
                progress.say(await theirs.report())
                try await theirs.waitUntilHealthy(instances: theirs.instances, within: .seconds(240))
            }
            return ComparisonOutcome(failure: "\(error)")
        }
    }

    /// Whose cluster.
    public enum Side: String, Sendable, CaseIterable {
        case ours
        case patroni

        var title: String {
            switch self {
            case .ours: "Matriarch"
            case .patroni: "Patroni"
            }
        }
    }
}
