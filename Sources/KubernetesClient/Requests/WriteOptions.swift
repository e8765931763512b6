/// What a write asks of the server besides storing the object.
public struct WriteOptions: Sendable, Hashable {
    /// What the server does with fields the schema does not know. Servers before 1.25 ignore them whatever is asked.
    public enum FieldValidation: String, Sendable, Hashable, CaseIterable {
        /// They are dropped.
        case ignore = "Ignore"
        /// They are dropped, and a warning header names them; the default of custom resources.
        case warn = "Warn"
        /// The write is refused (400) with their names.
        case strict = "Strict"
    }

    /// The server checks, fills in defaults and answers as ever, and stores nothing.
    public var isDryRun: Bool
    /// nil: the server's default.
    public var fieldValidation: FieldValidation?

    public init(isDryRun: Bool = false, fieldValidation: FieldValidation? = nil) {
        self.isDryRun = isDryRun
        self.fieldValidation = fieldValidation
    }

    var query: [(name: String, value: String)] {
        (isDryRun ? [("dryRun", "All")] : [])
            + (fieldValidation.map { [("fieldValidation", $0.rawValue)] } ?? [])
    }
}
