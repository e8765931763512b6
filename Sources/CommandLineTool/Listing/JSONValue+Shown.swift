import KubernetesModels
import YAML

/// How values stand in what is printed.
extension JSONValue {
    /// In a cell of a table: text without quotation marks, nothing for null.
    var cell: String {
        switch self {
        case .null: ""
        case .string(let text): text
        case .bool, .int, .double, .array, .object: serialized()
        }
    }

    /// As YAML, without the mark of a document and without a final newline.
    var yamlBlock: String {
        var text = YAML.serialized(self)[...]
        for mark in ["---\n", "--- "] where text.hasPrefix(mark) { text = text.dropFirst(mark.count) }
        while text.last == "\n" { text = text.dropLast() }
        return String(text)
    }
}
