/// A failure that trying again cannot mend, such as an invalid resource: it is counted and logged, but not repeated until
/// the resource changes.
public struct TerminalError: Error, CustomStringConvertible {
    public let cause: any Error

    public init(_ cause: any Error) { self.cause = cause }

    public var description: String { "\(cause)" }
}
