/// What a failover lost, as far as it is known.
public struct LossStatus: Sendable, Hashable, Codable {
    public var outcome: Outcome
    public var timeline: Int64?
    public var from: String?
    public var to: String?
    public var bytes: Int64?
    public var commits: Int64?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case outcome, timeline, from, to, bytes, commits
    }

    public init(
        outcome: Outcome, timeline: Int64? = nil, from: String? = nil, to: String? = nil, bytes: Int64? = nil,
        commits: Int64? = nil
    ) {
        self.outcome = outcome
        self.timeline = timeline
        self.from = from
        self.to = to
        self.bytes = bytes
        self.commits = commits
    }

    public enum Outcome: String, Sendable, Hashable, Codable, CaseIterable {
        /// The new primary has not said yet.
        case unknown = "Unknown"
        /// Nothing that was acknowledged is missing.
        case nothing = "None"
        /// What the old primary wrote last may be missing; it has not come back yet.
        case possible = "Possible"
        /// The old primary came back, and had commits nobody else had.
        case lost = "Lost"
    }
}

extension LossStatus: SchemaObject {
    public static let summary =
        "The WAL the failover lost: what may be missing at first, exactly once the old primary is back."

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .outcome:
            Field(
                .choice(Outcome.allCases.map(\.rawValue)),
                "`Unknown`, `None`, `Possible` (until the old primary is back) or `Lost`.", required: true)
        case .timeline: Field(.integer(minimum: 0, maximum: .max), "The timeline that ended.")
        case .from: Field(.text(maxLength: 17), "Where the new timeline begins, such as 0/5000060.")
        case .to:
            Field(
                .text(maxLength: 17),
                "The last position the old primary had published; once it is back, the end of its WAL.")
        case .bytes: Field(.integer(minimum: 0, maximum: .max), "Bytes between the two.")
        case .commits:
            Field(
                .integer(minimum: 0, maximum: .max),
                "Transactions that committed in between, counted in the old primary's WAL before it was given up.")
        }
    }
}
