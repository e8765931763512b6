public import KubernetesModels

/// All runs of one measurement.
public struct MeasurementReport: Sendable {
    /// Of the scenario, for the command line and for tables.
    public let name: String
    public let title: String
    public let bars: [Bar]
    public let results: [ScenarioResult]
    /// Why runs did not come to an end.
    public let failures: [String]

    /// - Parameter bars: without any there is one row, with the outage.
    public init(name: String, title: String, bars: [Bar], results: [ScenarioResult], failures: [String]) {
        self.name = name
        self.title = title
        self.bars = bars.isEmpty ? [Bar(.outage)] : bars
        self.results = results
        self.failures = failures
    }

    public static let columns = [
        "operation", "figure", "n", "median", "max", "bar", "met", "rows acknowledged", "rows lost",
    ]

    /// Whether every run ended well and every bar is met.
    public var isMet: Bool {
        failures.isEmpty && results.allSatisfy(\.hasPassed) && bars.allSatisfy { $0.isMet(by: series($0)) }
    }

    /// One row for each bar; a measurement without bars has one with its outage.
    public var rows: [[String]] {
        bars.map { bar in
            let series = series(bar)
            let met = failures.isEmpty && results.allSatisfy(\.hasPassed) && bar.isMet(by: series)
            return [
                title, bar.title, "\(series.count)", text(series.median), text(series.maximum),
                bar.limits, met ? "yes" : "NO", "\(acknowledged)", "\(lost)",
            ]
        }
    }

    /// Everything that is wrong, for below the table.
    public var remarks: [String] {
        failures.map { "\(name): run failed: \($0)" }
            + results.flatMap { result in
                result.problems.map { "\(name): \($0)" }
            }
    }

    public var json: JSONValue {
        [
            "scenario": .string(name), "title": .string(title),
            "met": .bool(isMet), "runs": .array(results.map(\.json)),
            "failures": .array(failures.map { .string($0) }),
        ]
    }

    private var acknowledged: Int { results.compactMap { $0.verdict?.acknowledged }.reduce(0, +) }
    private var lost: Int { results.compactMap { $0.verdict?.lost.count }.reduce(0, +) }

    private func series(_ bar: Bar) -> Series { Series(results.compactMap(bar.value)) }
    private func text(_ value: Int64?) -> String { value.map(String.init) ?? "–" }
}
