import TestSupport

/// Runs scenarios n times, on several clusters at once where waiting is most of it.
public struct LocalBench: Sendable {
    public var profile: LocalProfile
    /// Of each scenario.
    public var runs: Int
    /// How many clusters work at the same time.
    public var clusters: Int
    /// For scenarios that last as long as they are told.
    public var duration: Duration
    public let progress: Progress

    public init(profile: LocalProfile, runs: Int, clusters: Int, duration: Duration, progress: Progress) {
        self.profile = profile
        self.runs = runs
        self.clusters = clusters
        self.duration = duration
        self.progress = progress
    }

    /// A run that fails is recorded; the next one gets a new cluster.
    public func run(_ scenario: LocalScenario) async throws -> MeasurementReport {
        let count = scenario.isAlone ? 1 : max(1, min(clusters, runs))
        let controlPlane = try await ControlPlane.start()
        do {
            let shares = (0..<count).map { runs / count + ($0 < runs % count ? 1 : 0) }
            let outcomes = await withTaskGroup(of: [Result<ScenarioResult, LabError>].self) { group in
                for share in shares { group.addTask { await self.repeated(scenario, share, on: controlPlane) } }
                return await group.reduce(into: []) { $0 += $1 }
            }
            try await controlPlane.stop()
            var results: [ScenarioResult] = []
            var failures: [String] = []
            for outcome in outcomes {
                switch outcome {
                case .success(let result): results.append(result)
                case .failure(let error): failures.append(error.message)
                }
            }
            return MeasurementReport(
                name: scenario.name, title: scenario.title, bars: scenario.bars(in: profile.mode), results: results,
                failures: failures)
        } catch {
            try await controlPlane.stop()
            throw error
        }
    }

    private func repeated(
        _ scenario: LocalScenario, _ count: Int, on controlPlane: ControlPlane
    ) async -> [Result<ScenarioResult, LabError>] {
        var outcomes: [Result<ScenarioResult, LabError>] = []
        var cluster: LocalCluster?
        for _ in 0..<count {
            do {
                let running: LocalCluster
                if let cluster {
                    running = cluster
                } else {
                    running = try await LocalCluster(
                        on: controlPlane, profile: profile, api: scenario.api, clocks: scenario.clocks,
                        progress: progress)
                }
                cluster = running
                outcomes.append(.success(try await scenario.body(running, scenario, duration)))
            } catch {
                let logs = cluster?.members.logs ?? ""
                progress.say("\(scenario.name) failed: \(error)\n\(logs)")
                outcomes.append(.failure(LabError("\(error)")))
                await stop(cluster)
                cluster = nil
            }
        }
        await stop(cluster)
        return outcomes
    }

    private func stop(_ cluster: LocalCluster?) async {
        do { try await cluster?.stop() } catch { progress.say("the members do not end: \(error)") }
    }
}
