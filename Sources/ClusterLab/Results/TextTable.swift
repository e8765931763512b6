/// A table for terminals and for documentation (it is Markdown as well).
public struct TextTable: Sendable {
    public var header: [String]
    public var rows: [[String]]

    public init(header: [String], rows: [[String]] = []) {
        self.header = header
        self.rows = rows
    }

    /// Columns are as wide as their widest cell; cells that are numbers stand to the right.
    public func rendered() -> String {
        let columns = header.indices
        let widths = columns.map { column in
            ([header] + rows).map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
        }
        func line(_ cells: [String]) -> String {
            let padded = columns.map { column in
                let cell = cells.indices.contains(column) ? cells[column] : ""
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return Self.isNumber(cell) ? space + cell : cell + space
            }
            return "| " + padded.joined(separator: " | ") + " |"
        }
        let rule = "|" + widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "|") + "|"
        return ([line(header), rule] + rows.map(line)).joined(separator: "\n")
    }

    private static func isNumber(_ cell: String) -> Bool {
        !cell.isEmpty && cell.allSatisfy { $0.isNumber || $0 == "." }
    }
}
