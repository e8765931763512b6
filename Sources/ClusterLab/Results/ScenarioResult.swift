public import Units

/// What one run of one scenario showed.
public struct ScenarioResult: Hashable, Sendable {
    /// What was done, in a few words.
    public var operation: String
    /// From the last acknowledged commit before to the first one after; nil when writing was not part of it.
    public var outage: Duration?
    /// What the history says about the rows; nil when writing was not part of it.
    public var verdict: HistoryVerdict?
    public var leaderBefore: String?
    public var leaderAfter: String?
    public var timeline: Timeline?
    /// Other figures by name, such as the time until three members run. Durations in milliseconds, sizes in bytes: the
    /// name carries the unit.
    public var figures: [String: Int64] = [:]
    /// Remarks for people.
    public var notes: [String] = []
    /// What must be true afterwards and is not; empty when all is well.
    public var problems: [String] = []
    /// What the history may show after this fault in this mode of replication; shown, not judged.
    public var tolerated: Set<Tolerance> = []

    /// What not every mode of replication promises.
    public enum Tolerance: Hashable, Sendable {
        /// Asynchronous replication may lose what was acknowledged last.
        case loss
        /// Of a primary that is killed while it can reach its standbys, only what it had no time to send any more.
        case lossAtTheEnd
        /// A machine that stood still as a whole may deliver an acknowledgement when it runs again.
        case lateness
    }

    public init(
        operation: String, outage: Duration? = nil, verdict: HistoryVerdict? = nil, leaderBefore: String? = nil,
        leaderAfter: String? = nil, timeline: Timeline? = nil
    ) {
        self.operation = operation
        self.outage = outage
        self.verdict = verdict
        self.leaderBefore = leaderBefore
        self.leaderAfter = leaderAfter
        self.timeline = timeline
    }

    /// Whether all that must be true afterwards is: no acknowledged row was lost, doubled or acknowledged by two
    /// primaries, and the scenario found nothing else wrong.
    public var hasPassed: Bool {
        problems.isEmpty && verdict?.isSound(tolerating: tolerated) ?? true
    }

    /// Records a problem unless the condition holds.
    mutating func require(_ condition: Bool, _ problem: String) {
        if !condition { problems.append(problem) }
    }
}
