/// Why a step of the lab did not happen: one sentence for people.
public struct LabError: Error, Hashable, Sendable, CustomStringConvertible {
    public let message: String

    public init(_ message: String) {
        self.message = message
    }

    public var description: String { message }
}
