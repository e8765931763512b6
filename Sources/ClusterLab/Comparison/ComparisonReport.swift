public import KubernetesModels

/// All runs of one operation on both sides.
public struct ComparisonReport: Sendable {
    let operation: Comparison.Operation
    /// How many were wanted of each side.
    let runs: Int
    let ours: [ComparisonOutcome]
    let theirs: [ComparisonOutcome]

    public static let columns = [
        "operation", "Matriarch n", "median ms", "max ms", "rows lost", "Patroni n", "median ms", "max ms", "rows lost",
        "median / median", "bar", "met",
    ]

    /// By how many times ours is quicker, by the medians.
    var factor: Double? {
        guard let ours = series(ours).median, let theirs = series(theirs).median, ours > 0 else { return nil }
        return Double(theirs) / Double(ours)
    }

    /// Ours came to its end each time, lost nothing, keeps its bar, and is as many times quicker as it has to be.
    public var isMet: Bool {
        let isSound = ours.allSatisfy { $0.failure == nil && $0.problems.isEmpty && $0.lost == 0 }
        let isQuicker = operation.factor.map { wanted in factor.map { $0 >= wanted } ?? false } ?? true
        return isSound && series(ours).count >= runs && operation.bar.isMet(by: series(ours)) && isQuicker
    }

    public var row: [String] {
        let (mine, other) = (series(ours), series(theirs))
        let factors = operation.factor.map { [", ≥ \(Self.decimal($0)) times"] } ?? []
        return [
            operation.title, "\(mine.count)", Self.text(mine.median), Self.text(mine.maximum), "\(lost(ours))",
            "\(other.count)", Self.text(other.median), Self.text(other.maximum), "\(lost(theirs))",
            factor.map(Self.decimal) ?? "–", operation.bar.limits + factors.joined(), isMet ? "yes" : "NO",
        ]
    }

    /// Everything that went wrong on either side, for below the table.
    public var remarks: [String] {
        zip(Comparison.Side.allCases, [ours, theirs]).flatMap { side, outcomes in
            outcomes.enumerated().flatMap { number, outcome in
                (outcome.problems + [outcome.failure].compactMap { $0 }).map {
                    "\(operation.name), \(side.title), run \(number + 1): \($0)"
                }
            }
        }
    }

    public var json: JSONValue {
        [
            "operation": .string(operation.name), "met": .bool(isMet), "factor": factor.map { .double($0) } ?? .null,
            "matriarch": .array(ours.map(\.json)), "patroni": .array(theirs.map(\.json)),
        ]
    }

    private func series(_ outcomes: [ComparisonOutcome]) -> Series { Series(outcomes.compactMap(\.outageMillis)) }
    private func lost(_ outcomes: [ComparisonOutcome]) -> Int64 { outcomes.reduce(0) { $0 + $1.lost } }
    private static func text(_ value: Int64?) -> String { value.map(String.init) ?? "–" }

    private static func decimal(_ value: Double) -> String {
        let hundredths = Int64((value * 100).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }
}
