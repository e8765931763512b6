public import KubernetesModels
import Units

/// What a chaos run showed.
public struct ChaosReport: Sendable {
    public let seed: UInt64
    public let mode: LocalProfile.Mode
    public internal(set) var elapsed: Duration = .zero
    public internal(set) var rounds = 0
    /// How often each fault was brought about.
    public internal(set) var faults: [Fault: Int] = [:]
    /// After each round: how long until all members streamed again.
    public internal(set) var recoveries: [Duration] = []
    public internal(set) var verdict: HistoryVerdict?
    public internal(set) var epochs = 0
    public internal(set) var longestGap: Duration?
    /// What must be true and is not.
    public internal(set) var problems: [String] = []
    /// What may be so, but is worth knowing.
    public internal(set) var notes: [String] = []

    init(seed: UInt64, mode: LocalProfile.Mode) {
        self.seed = seed
        self.mode = mode
    }

    public var hasPassed: Bool { problems.isEmpty && verdict != nil }

    /// Judges what the clients saw. In asynchronous replication rows may be lost by faults that take a primary away.
    mutating func judge(_ verdict: HistoryVerdict, paths: [TimelinePath]) {
        self.verdict = verdict
        let mayLose = mode == .off && faults.keys.contains(where: \.mayLoseRows)
        if !verdict.lost.isEmpty {
            let text = "\(verdict.lost.count) acknowledged rows lost"
            if mayLose { notes.append(text + ", as asynchronous replication may") } else { problems.append(text) }
        }
        if !verdict.duplicated.isEmpty { problems.append("\(verdict.duplicated.count) rows are there twice") }
        if !verdict.presentRefused.isEmpty { problems.append("\(verdict.presentRefused.count) refused rows are there") }
        let late = verdict.formerPrimaryCount
        if late > 0 {
            let text = "\(late) commits acknowledged by a former primary"
            if mode == .off, faults.keys.contains(where: \.mayAcknowledgeLate) {
                notes.append(text + ", as a frozen machine may in asynchronous replication")
            } else {
                problems.append(text)
            }
        }
        problems += TimelinePath.problems(paths, acknowledged: verdict.timelines)
    }

    public static let columns = [
        "seed", "mode", "s", "rounds", "faults", "role changes", "acknowledged", "lost", "late", "longest gap ms",
        "recovery median s", "max s", "result",
    ]

    public var cells: [String] {
        let seconds = Series(recoveries.map(\.milliseconds))
        func text(_ milliseconds: Int64?) -> String { milliseconds.map { Figures.seconds(.milliseconds($0)) } ?? "–" }
        return [
            "\(seed)", mode.rawValue, Figures.seconds(elapsed), "\(rounds)", "\(faults.values.reduce(0, +))",
            "\(max(0, epochs - 1))", verdict.map { "\($0.acknowledged)" } ?? "–",
            verdict.map { "\($0.lost.count)" } ?? "–",
            verdict.map { "\($0.formerPrimaryCount)" } ?? "–",
            longestGap.map { "\($0.milliseconds)" } ?? "–", text(seconds.median), text(seconds.maximum),
            hasPassed ? "passed" : "FAILED",
        ]
    }

    public var json: JSONValue {
        [
            "seed": .int(Int64(bitPattern: seed)), "mode": .string(mode.rawValue),
            "elapsedMillis": .int(elapsed.milliseconds), "rounds": .int(Int64(rounds)),
            "faults": .object(
                Dictionary(uniqueKeysWithValues: faults.map { ($0.key.rawValue, JSONValue.int(Int64($0.value))) })),
            "epochs": .int(Int64(epochs)), "rowsAcknowledged": .int(Int64(verdict?.acknowledged ?? 0)),
            "rowsLost": .int(Int64(verdict?.lost.count ?? 0)),
            "overlappingAcknowledgements": .int(Int64(verdict?.overlapping.count ?? 0)),
            "lateAcknowledgements": .int(Int64(verdict?.late.count ?? 0)),
            "recoveriesMillis": .array(recoveries.map { .int($0.milliseconds) }), "passed": .bool(hasPassed),
            "problems": .array(problems.map { .string($0) }), "notes": .array(notes.map { .string($0) }),
        ]
    }
}
