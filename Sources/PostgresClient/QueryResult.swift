/// The rows of one statement, copied out of libpq.
public struct QueryResult: Hashable, Sendable {
    public let columns: [String]
    /// In text form; nil is SQL NULL.
    public let rows: [[String?]]
    /// The command tag, such as `INSERT 0 1`.
    public let commandTag: String
    /// What the server remarked; at most ``maximumNotices``.
    public let notices: [String]

    public static let maximumNotices = 32

    public init(columns: [String], rows: [[String?]], commandTag: String = "", notices: [String] = []) {
        self.columns = columns
        self.rows = rows
        self.commandTag = commandTag
        self.notices = notices
    }

    /// The value in `row` under `column`; nil for NULL, a missing row and a missing column alike.
    public func value(_ column: String, row: Int = 0) -> String? {
        guard rows.indices.contains(row), let index = columns.firstIndex(of: column),
            rows[row].indices.contains(index)
        else { return nil }
        return rows[row][index]
    }

    /// The first column of the first row.
    public var scalar: String? { rows.first?.first ?? nil }
}
