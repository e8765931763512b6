import KubernetesModels
import PlainText
import PostgresClient

/// The rows of a statement, in the form that was asked for. Values are text, as the server writes them.
struct ResultTable {
    private let result: QueryResult

    init(_ result: QueryResult) {
        self.result = result
    }

    /// The text, without a final newline.
    ///
    /// NULL is nothing in a table and `null` in JSON and YAML. Of columns with one name those have the last.
    func rendered(_ format: OutputFormat) -> String {
        RecordTable(
            columns: result.columns.indices.map { index in
                .init(key: result.columns[index], alignment: .numbersRight) { row in
                    row[index].map { .string($0) } ?? .null
                }
            }, records: result.rows
        ).rendered(format)
    }
}
