/// Text that is not the YAML we accept. Carries the place but none of the text: it may be a secret.
public struct YAMLError: Error, Sendable, Hashable, CustomStringConvertible {
    public let reason: String
    /// Counted from 1; absent when the fault has no place.
    public let line: Int?
    public let column: Int?

    public var description: String {
        guard let line, let column else { return "invalid YAML: \(reason)" }
        return "invalid YAML at line \(line), column \(column): \(reason)"
    }
}
