import KubernetesModels
import PlainText

/// Records of one kind as a table, in the form that was asked for.
struct RecordTable<Record> {
    struct Column {
        /// The heading, and the name in JSON, YAML and TSV.
        var key: String
        var alignment = TextTable.Alignment.left
        /// Left out of the table, and of the heading of TSV, when no record has a value.
        var isOptional = false
        /// nil: the record has none, and JSON and YAML have no such key.
        var value: (Record) -> JSONValue?
        /// What people are shown of it; nil: the value.
        var shown: ((Record) -> String)?
    }

    /// In the table's top line; empty: nothing stands there.
    var title = ""
    var columns: [Column]
    var records: [Record]

    /// The text, without a final newline.
    func rendered(_ format: OutputFormat) -> String {
        switch format {
        case .pretty: pretty
        case .tsv: tabSeparated
        case .json: JSONValue.array(objects).prettyPrinted()
        case .yaml: JSONValue.array(objects).yamlBlock
        }
    }

    private var used: [Column] {
        columns.filter { column in !column.isOptional || records.contains { column.value($0) != nil } }
    }

    private var pretty: String {
        let columns = used
        return TextTable(
            frame: .boxed(title: title), columns: columns.map { .init(title: $0.key, alignment: $0.alignment) },
            rows: records.map { record in columns.map { $0.shown?(record) ?? $0.value(record)?.cell ?? "" } }
        ).rendered()
    }

    private var tabSeparated: String {
        let columns = used
        let rows = records.map { record in
            columns.map { ($0.value(record)?.cell ?? "").replacing("\n", with: ", ").replacing("\t", with: " ") }
        }
        return ([columns.map(\.key)] + rows).map { $0.joined(separator: "\t") }.joined(separator: "\n")
    }

    private var objects: [JSONValue] {
        records.map { record in
            var object: [String: JSONValue] = [:]
            for column in columns { object[column.key] = column.value(record) }
            return .object(object)
        }
    }
}
