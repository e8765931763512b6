/// Names and texts within statements.
public enum SQLText {
    public static func identifier(_ name: String) -> String {
        "\"" + name.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
    }

    /// Means the same whatever `standard_conforming_strings` is.
    public static func literal(_ text: String) -> String {
        "E'" + text.unicodeScalars.map { $0 == "'" ? "''" : $0 == "\\" ? "\\\\" : String($0) }.joined() + "'"
    }

    /// A value of type `text[]`.
    public static func array(_ texts: [String]) -> String {
        let elements = texts.map { text in
            "\"" + text.unicodeScalars.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "\""
        }
        return "{\(elements.joined(separator: ","))}"
    }
}
