public import KubernetesModels

/// One thing a member decided, and on what: an entry of `/matriarch/decisions`.
///
/// The agent keeps the last ones of its life in memory, the command line shows them. Nothing in it is a secret: whoever reaches
/// the agent's port may read it.
public struct DecisionRecord: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// What the loop decided to do.
        case decision
        /// What this member concluded from the answers of the others when the lock was free.
        case election
        /// An action that did not come to its end.
        case failure
    }

    public var kind: Kind
    /// RFC 3339, when it was so first, by this member's clock.
    public var since: String
    /// When it was so last, one loop after the other.
    public var until: String
    /// In how many loops.
    public var count: Int
    /// In a word or two: `lead`, `race`, `stand back`.
    public var what: String
    /// The sentence that the log has too.
    public var reason: String
    /// What was seen when it was so first, each by its name.
    public var saw: [String: String]

    public init(
        _ kind: Kind, what: String, reason: String, saw: [String: String], since: String, until: String,
        count: Int = 1
    ) {
        self.kind = kind
        self.since = since
        self.until = until
        self.count = count
        self.what = what
        self.reason = reason
        self.saw = saw
    }
}

extension DecisionRecord {
    /// nil for what does not say what was decided, and why.
    public init?(json: JSONValue) {
        guard let what = json["what"]?.stringValue, let reason = json["reason"]?.stringValue,
            let since = json["since"]?.stringValue
        else { return nil }
        self.init(
            json["kind"]?.stringValue.flatMap(Kind.init) ?? .decision, what: what, reason: reason,
            saw: (json["saw"]?.objectValue ?? [:]).compactMapValues(\.stringValue), since: since,
            until: json["until"]?.stringValue ?? since, count: max(1, json["count"]?.intValue ?? 1))
    }

    public var json: JSONValue {
        [
            "kind": .string(kind.rawValue), "since": .string(since), "until": .string(until),
            "count": .int(Int64(count)), "what": .string(what), "reason": .string(reason),
            "saw": .object(saw.mapValues { .string($0) }),
        ]
    }
}

/// What a member answers at `/matriarch/decisions`.
public struct DecisionAnswer: Hashable, Sendable {
    public var member: String
    /// Oldest first.
    public var decisions: [DecisionRecord]

    public init(member: String, decisions: [DecisionRecord]) {
        self.member = member
        self.decisions = decisions
    }

    /// nil for what is no such answer, such as the one an agent gives that does not know the question.
    public init?(json: JSONValue) {
        guard let member = json["member"]?.stringValue, let entries = json["decisions"]?.arrayValue else { return nil }
        self.init(member: member, decisions: entries.compactMap(DecisionRecord.init))
    }

    public var json: JSONValue { ["member": .string(member), "decisions": .array(decisions.map(\.json))] }
}
