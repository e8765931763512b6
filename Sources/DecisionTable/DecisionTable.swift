public import HighAvailability

/// What the shipping ``decide(_:)`` says, as a page.
public enum DecisionTable {
    /// A situation and what is decided in it.
    public struct Row: Sendable {
        public let situation: Situation
        public let decision: Decision

        init(_ situation: Situation) {
            self.situation = situation
            decision = decide(situation.observation)
        }

        /// Two rows of the same branch have the same: the kind of action, and the reason without names and numbers.
        public var branch: String { "\(kind): \(DecisionTable.normalized(decision.reason))" }

        /// The action without what it is about.
        var kind: String { String(String(describing: decision.action).prefix { $0 != "(" }) }
    }

    /// How many things at once are varied in the search for branches.
    public static let depth = 2

    /// Every lock with every server, and nothing special.
    public static let plain = Situation.all(upTo: 0).map(Row.init)

    /// For each branch that no plain situation reaches, the plainest situation that does.
    public static let special = unreached(by: plain)

    private static func unreached(by plain: [Row]) -> [Row] {
        var known = Set(plain.map(\.branch))
        return Situation.all(upTo: depth).map(Row.init).filter { known.insert($0.branch).inserted }
    }

    /// Members, timelines and identifiers replaced by a letter each, and what is under way left out.
    static func normalized(_ reason: String) -> String {
        if reason.hasSuffix(" in progress") { return "… in progress" }
        if reason.hasPrefix("lost leader lock during ") { return "lost leader lock during …" }
        return reason.split(separator: " ", omittingEmptySubsequences: false).map { word in
            if word.contains("demo-") { return "M" }
            return word.contains(where: \.isNumber) ? "N" : String(word)
        }.joined(separator: " ")
    }

    public static var markdown: String {
        let plain = plain
        var lines = [introduction]
        for lock in Situation.locks {
            lines += ["## Lock: \(lock.name)", "", "| Server | Action | Reason |", "|---|---|---|"]
            lines += grouped(plain.filter { $0.situation.lock.name == lock.name })
            lines.append("")
        }
        lines += [
            "## When something is special", "",
            "The remaining branches, each in the plainest situation that reaches it.", "",
            "| Special | Lock | Server | Action | Reason |", "|---|---|---|---|---|",
        ]
        lines += special.map { row in
            let special = row.situation.deviations.map(\.name).joined(separator: "; ")
            return "| \(special) | \(row.situation.lock.name) | \(row.situation.server.name) | `\(row.kind)` | "
                + "\(row.decision.reason) |"
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Servers with the same decision share a line.
    private static func grouped(_ rows: [Row]) -> [String] {
        var order: [Decision] = []
        var servers: [Decision: [String]] = [:]
        for row in rows {
            if servers[row.decision] == nil { order.append(row.decision) }
            servers[row.decision, default: []].append(row.situation.server.name)
        }
        return order.map { decision in
            let kind = String(describing: decision.action).prefix { $0 != "(" }
            return "| \((servers[decision] ?? []).joined(separator: "; ")) | `\(kind)` | \(decision.reason) |"
        }
    }

    private static let introduction = """
        # Decisions

        Made by `swift run matriarch-generate docs --root .` from the `decide` that ships (`Sources/HighAvailability/Decision`);
        do not edit. What each member does next, as `demo-0` of three members sees it: the first tables for every standing of the
        lock and every state of the server, with nothing else special; the last one for everything that changes it. An election asks
        the others first, which is no part of this: see [protocol](protocol.md).

        The cluster is on timeline 2. Reasons are what the agents log.

        """
}
