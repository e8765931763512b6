import KubernetesClient
import KubernetesModels
public import PlainText
import Units

/// The tables of `docs/internals/faults.md`.
public enum FaultDocument {
    /// One row for each figure: fault, test, last result.
    public static func table(
        of reports: [MeasurementReport], profile: String, mode: LocalProfile.Mode
    ) -> TextTable {
        TextTable(
            header: ["fault", "test", "figure", "n", "median", "max", "bar", "met", "rows lost", "date"],
            rows: reports.flatMap { report in
                let test = "`faults --scenario \(report.name)`, \(profile), mode \(mode.rawValue)"
                return report.rows.map { cells in
                    [cells[0], test] + cells[1...6] + [cells[8], today]
                }
            })
    }

    /// What the runs showed, and how often each fault was brought about in them.
    public static func tables(of reports: [ChaosReport]) -> [TextTable] {
        let counts = reports.reduce(into: [Fault: Int]()) { $0.merge($1.faults, uniquingKeysWith: +) }
        let result = reports.allSatisfy(\.hasPassed) ? "no violation" : "VIOLATIONS, see above"
        return [
            TextTable(
                header: ChaosReport.columns + ["date"], rows: reports.map { $0.cells + [today] }),
            TextTable(
                header: ["fault", "what", "times", "result", "date"],
                rows: Fault.allCases.map { fault in
                    let count = counts[fault] ?? 0
                    return [fault.rawValue, fault.title, "\(count)", count > 0 ? result : "not drawn", today]
                }),
        ]
    }

    private static var today: String { String(Timestamp.now().description.prefix(10)) }
}
