/// A table for terminals.
public struct TextTable: Sendable {
    public enum Alignment: Sendable {
        case left
        case right
        /// Cells that are numbers stand to the right, others to the left.
        case numbersRight
    }

    public enum Frame: Sendable {
        /// Markdown as well, for documentation.
        case markdown
        /// PrettyTable's; the title is set into the top line after the corner, and cut off where the table is narrower.
        case boxed(title: String)
    }

    public struct Column: Sendable {
        public var title: String
        public var alignment: Alignment

        public init(title: String, alignment: Alignment = .left) {
            self.title = title
            self.alignment = alignment
        }
    }

    public var frame: Frame
    public var columns: [Column]
    /// A cell of a boxed table may have several lines; every row is then set off by a line.
    public var rows: [[String]]

    public init(frame: Frame, columns: [Column], rows: [[String]]) {
        self.frame = frame
        self.columns = columns
        self.rows = rows
    }

    /// A table in Markdown.
    public init(header: [String], rows: [[String]] = []) {
        self.init(
            frame: .markdown, columns: header.map { Column(title: $0, alignment: .numbersRight) }, rows: rows)
    }

    /// The table, without a final newline. Columns are as wide as their widest cell.
    public func rendered() -> String {
        let cells = rows.map { row in
            columns.indices.map { index in
                (index < row.count ? row[index] : "").split(separator: "\n", omittingEmptySubsequences: false)
                    .map(String.init)
            }
        }
        let widths = columns.indices.map { index in
            ([columns[index].title.count] + cells.flatMap { $0[index].map(\.count) }).max() ?? 0
        }
        let head = line(columns.map(\.title), widths)
        switch frame {
        case .markdown:
            let rule = Self.rule("|", widths)
            return ([head, rule] + rows.map { line($0, widths) }).joined(separator: "\n")
        case .boxed(let title):
            let rule = Self.rule("+", widths)
            let hasTallRows = cells.contains { $0.contains { $0.count > 1 } }
            var lines = [Self.titled(rule, title), head, rule]
            for (index, row) in cells.enumerated() {
                if hasTallRows && index > 0 { lines.append(rule) }
                for height in 0..<(row.map(\.count).max() ?? 1) {
                    lines.append(line(row.map { height < $0.count ? $0[height] : "" }, widths))
                }
            }
            return (lines + [rule]).joined(separator: "\n")
        }
    }

    private static func rule(_ corner: String, _ widths: [Int]) -> String {
        corner + widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: corner) + corner
    }

    private static func titled(_ rule: String, _ title: String) -> String {
        let text = title.prefix(max(0, rule.count - 2))
        return "+" + text + rule.dropFirst(1 + text.count)
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        let padded = columns.indices.map { index in
            let cell = index < cells.count ? cells[index] : ""
            let padding = String(repeating: " ", count: max(0, widths[index] - cell.count))
            return Self.standsRight(cell, columns[index].alignment) ? padding + cell : cell + padding
        }
        return "| " + padded.joined(separator: " | ") + " |"
    }

    private static func standsRight(_ cell: String, _ alignment: Alignment) -> Bool {
        switch alignment {
        case .left: false
        case .right: true
        case .numbersRight: !cell.isEmpty && cell.allSatisfy { $0.isNumber || $0 == "." }
        }
    }
}
