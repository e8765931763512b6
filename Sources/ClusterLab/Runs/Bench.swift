/// Runs measurements one after the other and keeps what they showed.
public struct Bench: Sendable {
    private let cluster: LabCluster

    public init(cluster: LabCluster) {
        self.cluster = cluster
    }

    /// Makes the cluster unless it is there and healthy, and runs the measurements.
    ///
    /// A run that fails is recorded, and the next one begins as soon as the cluster has recovered.
    ///
    /// - Parameter report: called after each measurement.
    /// - Throws: ``LabError`` when the cluster does not come up or does not recover from a failed run.
    public func run(
        _ measurements: [Measurement], report: (MeasurementReport) -> Void = { _ in }
    ) async throws -> [MeasurementReport] {
        var reports: [MeasurementReport] = []
        // The life of a cluster is measured on an otherwise empty Kubernetes.
        let independent = measurements.filter(\.isIndependent)
        for measurement in independent { reports.append(try await repeated(measurement, report)) }
        let others = measurements.filter { !$0.isIndependent }
        if !others.isEmpty { try await prepare() }
        for measurement in others { reports.append(try await repeated(measurement, report)) }
        return reports
    }

    /// Makes the cluster of the measurements, or takes the one that is there.
    public func prepare() async throws {
        try await cluster.prepareNamespace()
        if try await !cluster.exists() { try await cluster.apply() }
        try await cluster.waitUntilHealthy(within: .seconds(180))
    }

    private func repeated(
        _ measurement: Measurement, _ report: (MeasurementReport) -> Void
    ) async throws -> MeasurementReport {
        var results: [ScenarioResult] = []
        var failures: [String] = []
        for run in 1...max(1, measurement.runs) {
            cluster.lab.progress.say("\(measurement.scenario.name): run \(run) of \(measurement.runs)")
            do {
                let result = try await measurement.scenario.run(on: cluster)
                results.append(result)
                if !result.remarks.isEmpty { cluster.lab.progress.say(result.remarks) }
            } catch let error as CancellationError {
                throw error
            } catch {
                failures.append("\(error)")
                cluster.lab.progress.say("\(measurement.scenario.name) failed: \(error)\n\(await cluster.report())")
                if !measurement.isIndependent { try await cluster.waitUntilHealthy(within: .seconds(240)) }
            }
        }
        let made = MeasurementReport(
            name: measurement.scenario.name, title: measurement.scenario.title, bars: measurement.bars,
            results: results, failures: failures)
        report(made)
        return made
    }
}

extension Measurement {
    /// Brings its own cluster.
    fileprivate var isIndependent: Bool { scenario.name == Scenario.lifecycle.name }
}
