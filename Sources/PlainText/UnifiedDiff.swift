/// The difference of two texts, line by line, as `diff -u` writes it.
public struct UnifiedDiff: Sendable, Hashable {
    public enum Line: Sendable, Hashable {
        /// Where a group of changes stands in both: `@@ -1,4 +1,5 @@`.
        case place(String)
        case same(String)
        case removed(String)
        case added(String)
    }

    /// Empty when the texts are equal.
    public let lines: [Line]

    /// - Parameter context: how many equal lines stand around a change.
    public init(from old: [String], to new: [String], context: Int = 3) {
        var steps: [Step] = []
        let difference = new.difference(from: old)
        let removed = Set(difference.removals.map(Self.offset))
        let added = Set(difference.insertions.map(Self.offset))
        var (at, to) = (0, 0)
        while at < old.count || to < new.count {
            if removed.contains(at) {
                steps.append(Step(line: .removed(old[at]), old: at, new: to))
                at += 1
            } else if added.contains(to) {
                steps.append(Step(line: .added(new[to]), old: at, new: to))
                to += 1
            } else {
                steps.append(Step(line: .same(new[to]), old: at, new: to))
                (at, to) = (at + 1, to + 1)
            }
        }
        lines = Self.groups(steps, context).flatMap { group in
            [.place(Self.place(steps[group]))] + steps[group].map(\.line)
        }
    }

    /// The difference of two texts that end with a newline.
    public init(from old: String, to new: String) {
        self.init(from: Self.lines(of: old), to: Self.lines(of: new))
    }

    /// One line each, without a final newline; in a terminal's colours as `git diff` has them.
    public func rendered(isColored: Bool = false) -> String {
        lines.map { line in
            let (text, color) =
                switch line {
                case .place(let text): (text, 36)
                case .same(let text): (" " + text, 0)
                case .removed(let text): ("-" + text, 31)
                case .added(let text): ("+" + text, 32)
                }
            return isColored && color != 0 ? "\u{1B}[\(color)m\(text)\u{1B}[0m" : text
        }.joined(separator: "\n")
    }

    private struct Step {
        var line: Line
        /// How many lines of each text stand before it.
        var old: Int
        var new: Int

        var isChange: Bool {
            switch line {
            case .place, .same: false
            case .removed, .added: true
            }
        }
    }

    private static func offset(_ change: CollectionDifference<String>.Change) -> Int {
        switch change {
        case .remove(let offset, _, _), .insert(let offset, _, _): offset
        }
    }

    private static func lines(of text: String) -> [String] {
        // By bytes: a carriage return and the newline behind it are one Character.
        var lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { String(Substring($0)) }
        if lines.last == "" { lines.removeLast() }
        return lines
    }

    /// Changes whose context meets are one group.
    private static func groups(_ steps: [Step], _ context: Int) -> [Range<Int>] {
        var groups: [Range<Int>] = []
        for index in steps.indices where steps[index].isChange {
            let range = max(0, index - context)..<min(steps.count, index + context + 1)
            if let last = groups.last, last.upperBound >= range.lowerBound {
                groups[groups.count - 1] = last.lowerBound..<range.upperBound
            } else {
                groups.append(range)
            }
        }
        return groups
    }

    private static func place(_ group: ArraySlice<Step>) -> String {
        var (old, new) = (0, 0)
        for step in group {
            switch step.line {
            case .place: break
            case .same: (old, new) = (old + 1, new + 1)
            case .removed: old += 1
            case .added: new += 1
            }
        }
        let first = group.first
        return "@@ -\(range(first?.old ?? 0, old)) +\(range(first?.new ?? 0, new)) @@"
    }

    /// Lines are counted from 1; nothing stands behind the line before it.
    private static func range(_ before: Int, _ count: Int) -> String {
        switch count {
        case 0: "\(before),0"
        case 1: "\(before + 1)"
        case _: "\(before + 1),\(count)"
        }
    }
}
