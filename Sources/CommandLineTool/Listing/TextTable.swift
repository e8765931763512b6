/// A table in PrettyTable's style, its title set into the top line.
struct TextTable {
    struct Column {
        enum Alignment { case left, right }

        var title: String
        var alignment = Alignment.left
    }

    /// Stands in the top line after the corner; cut off where the table is narrower.
    var title: String
    var columns: [Column]
    /// A cell may have several lines; every row is then set off by a line.
    var rows: [[String]]

    /// The table, without a final newline.
    func rendered() -> String {
        let cells = rows.map { row in
            columns.indices.map { index in
                (index < row.count ? row[index] : "").split(separator: "\n", omittingEmptySubsequences: false)
                    .map(String.init)
            }
        }
        let widths = columns.indices.map { index in
            ([columns[index].title.count] + cells.flatMap { $0[index].map(\.count) }).max() ?? 0
        }
        let rule = "+" + widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "+") + "+"
        let hasTallRows = cells.contains { $0.contains { $0.count > 1 } }
        var lines = [titled(rule), line(columns.map(\.title), widths), rule]
        for (index, row) in cells.enumerated() {
            if hasTallRows && index > 0 { lines.append(rule) }
            for height in 0..<(row.map(\.count).max() ?? 1) {
                lines.append(line(row.map { height < $0.count ? $0[height] : "" }, widths))
            }
        }
        lines.append(rule)
        return lines.joined(separator: "\n")
    }

    private func titled(_ rule: String) -> String {
        let text = title.prefix(max(0, rule.count - 2))
        return "+" + text + rule.dropFirst(1 + text.count)
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        let padded = zip(zip(cells, widths), columns).map { cell, column in
            let padding = String(repeating: " ", count: max(0, cell.1 - cell.0.count))
            return column.alignment == .left ? cell.0 + padding : padding + cell.0
        }
        return "| " + padded.joined(separator: " | ") + " |"
    }
}
