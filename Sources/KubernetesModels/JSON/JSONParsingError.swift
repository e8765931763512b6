/// Text that is not JSON. Carries a position but none of the text: it may be a secret.
public struct JSONParsingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Byte offset of the first fault.
    public let offset: Int
    public let reason: String

    public var description: String { "invalid JSON at byte \(offset): \(reason)" }
}
