/// What a server says is wrong with its configuration files.
public struct ConfigurationFileError: Hashable, Sendable, CustomStringConvertible {
    /// The parameter it is about; nil for a line that is none.
    public let parameter: String?
    public let file: String?
    /// PostgreSQL's words.
    public let message: String

    public init(parameter: String?, file: String?, message: String) {
        self.parameter = parameter
        self.file = file
        self.message = message
    }

    /// The parameter, or else the file.
    public var place: String { parameter ?? file ?? "a configuration file" }
    public var description: String { "\(place): \(message)" }
}
