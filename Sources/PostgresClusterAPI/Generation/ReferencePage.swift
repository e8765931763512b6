import KubernetesModels

/// The reference page of the resource in Markdown, made from the same descriptions as the schema.
public enum ReferencePage {
    public static var markdown: String {
        let resource = PostgresCluster.resource
        var page = """
            # \(resource.kind) reference

            <!-- Made by `swift run matriarch-generate docs --root .` from Sources/PostgresClusterAPI; do not edit. -->

            `apiVersion: \(resource.apiVersion)`, `kind: \(resource.kind)`, short name `pgc`, category `postgres`.
            Durations are whole seconds. Amounts are Kubernetes quantities (`10Gi`, `500m`) or plain numbers.
            `kubectl explain \(resource.plural).spec --recursive` shows the same on a cluster.


            """
        var sections = Sections()
        sections.add(PostgresClusterSpec.self, path: "spec")
        sections.add(PostgresClusterStatus.self, path: "status")
        page += sections.text
        return page
    }

    private struct Sections {
        var text = ""

        mutating func add(_ type: any SchemaObject.Type, path: String) {
            text += "## `\(path)`\n\n\(type.summary)\n\n"
            text += "| Field | Type | Default | Meaning |\n|---|---|---|---|\n"
            for (name, field) in type.fields {
                let standard = field.isRequired ? "required" : field.defaultValue.map { "`\($0.serialized())`" } ?? ""
                let meaning = field.description.replacing("|", with: "\\|")
                text += "| `\(name)` | \(field.shape.title) | \(standard) | \(meaning) |\n"
            }
            let rules = type.rules + type.fields.flatMap(\.field.rules)
            if !rules.isEmpty {
                text += "\nRules:\n\n" + rules.map { "- \($0.message)\n" }.joined()
            }
            text += "\n"
            for (name, field) in type.fields {
                if let (nested, suffix) = field.shape.nestedObject { add(nested, path: "\(path).\(name)\(suffix)") }
            }
        }
    }
}

extension Shape {
    /// The object inside, with what to add to the path for lists.
    var nestedObject: (any SchemaObject.Type, String)? {
        switch self {
        case .object(let type): (type, "")
        case .list(let element, _, _): element.nestedObject.map { ($0.0, "[]" + $0.1) }
        case .map(let value, _): value.nestedObject.map { ($0.0, "[key]" + $0.1) }
        case .text, .choice, .integer, .boolean, .quantity, .timestamp, .passthrough: nil
        }
    }

    /// The form in a few words, for a table.
    var title: String {
        switch self {
        case .text: "text"
        case .choice(let words): words.map { "`\($0)`" }.joined(separator: ", ")
        case .integer(let minimum, let maximum):
            maximum == .max ? "integer ≥ \(minimum)" : "integer \(minimum) to \(maximum)"
        case .boolean: "boolean"
        case .quantity: "quantity"
        case .timestamp: "RFC 3339 time"
        case .map(let value, _): "map of \(value.title)"
        case .list(let element, let key, _):
            key.map { "list by `\($0)`" } ?? "list of \(element.title)"
        case .object: "object"
        case .passthrough(let kind): "\(kind.rawValue) as in a Pod's spec"
        }
    }
}
