public import KubernetesModels

/// YAML as Kubernetes reads it: the JSON subset of YAML 1.1, resolved like `sigs.k8s.io/yaml`.
public enum YAML {
    /// Parses text that holds at most one document; no document gives `null`.
    ///
    /// - Throws: ``YAMLError`` with line and column.
    public static func parse(_ text: String) throws(YAMLError) -> JSONValue {
        let documents = try parseAll(text)
        guard documents.count <= 1 else {
            throw YAMLError(reason: "expected one document, found \(documents.count)", line: nil, column: nil)
        }
        return documents.first ?? .null
    }

    /// Parses every document of a stream. Documents that hold nothing are left out.
    public static func parseAll(_ text: String) throws(YAMLError) -> [JSONValue] {
        guard let reader = YAMLReader(text) else {
            throw YAMLError(reason: "the YAML parser is out of memory", line: nil, column: nil)
        }
        return try reader.readDocuments()
    }

    /// Block-style YAML with sorted keys, two spaces of indentation and a final line break.
    public static func serialized(_ value: JSONValue) -> String { serialized([value]) }

    /// Several documents, separated by `---`.
    public static func serialized(_ documents: [JSONValue]) -> String {
        YAMLWriter().write(documents)
    }
}
