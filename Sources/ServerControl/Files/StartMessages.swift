import PostgresConfiguration

/// What a server that did not start has said, read for what is wrong with its settings.
///
/// - Requires: lines without a prefix, in English (`log_line_prefix` empty, `lc_messages` C).
public struct StartMessages: Hashable, Sendable {
    private let lines: [String]

    public init(_ lines: [String]) { self.lines = lines }

    /// The volume has no room, or the machine no memory, processes or descriptors: that says nothing of the settings.
    private static let shortages = [
        "No space left on device", "Disk quota exceeded", "Input/output error", "Cannot allocate memory",
        "out of memory", "Resource temporarily unavailable", "Too many open files", "could not fork",
        "insufficient file descriptors", "authentication timeout", "authentication due to timeout",
    ]

    /// Whether a message tells of something the server lacked at that moment.
    public static func isShortage(_ text: String) -> Bool {
        shortages.contains { text.contains($0) }
    }

    /// - Parameter parameters: the user's, to find which of them a message is about.
    public func verdict(parameters: [String: String]) -> SettingsVerdict {
        let errors = self.errors(parameters: parameters)
        guard !errors.isEmpty else { return .undecided("PostgreSQL did not start, and did not say why") }
        guard !lines.contains(where: Self.isShortage) else {
            return .undecided(errors.map(\.message).joined(separator: "; "))
        }
        return .refused(errors)
    }

    private func errors(parameters: [String: String]) -> [ConfigurationFileError] {
        let fatal = lines.compactMap { Self.text(of: $0, after: "FATAL:") }
        // The file is read to its end: each line that is wrong is said, and then that there are some.
        let isOfFile = fatal.contains { $0.hasPrefix("configuration file ") && $0.hasSuffix("contains errors") }
        var messages = isOfFile ? lines.compactMap { Self.text(of: $0, after: "LOG:") } : fatal
        if messages.isEmpty {
            // Before there is a log: `postgres: superuser_reserved_connections (200) …`.
            messages = lines.compactMap { Self.text(of: $0, after: "postgres:") }
        }
        if messages.isEmpty { messages = fatal }
        return messages.map { Self.error($0, parameters: parameters) }
    }

    /// One message, with the parameter it is about as far as it can be told.
    public static func error(_ message: String, parameters: [String: String]) -> ConfigurationFileError {
        // Where it stands in a file nobody but the proof has is of no use.
        let message = message.replacing(#/ in file "[^"]*" line [0-9]+/#, with: "")
        let parameter = parameter(of: message, among: parameters)
        return ConfigurationFileError(
            parameter: parameter, file: nil, message: shown(message, of: parameter, among: parameters))
    }

    private static func text(of line: String, after level: String) -> String? {
        guard line.hasPrefix(level) else { return nil }
        let text = line.dropFirst(level.count).drop { $0 == " " }
        return text.isEmpty ? nil : String(text)
    }

    /// The parameter a message names, or the only one whose value has what the message quotes.
    static func parameter(of message: String, among parameters: [String: String]) -> String? {
        let quoted = message.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
            .filter { !$0.offset.isMultiple(of: 2) && !$0.element.isEmpty }.map { String($0.element) }
        if message.contains("parameter \""), let first = quoted.first { return first }
        let named = parameters.keys.filter { name in
            message.split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == ".") }.contains { $0 == name }
        }
        if let first = named.sorted().first { return first }
        let holders = parameters.filter { _, value in
            quoted.contains { value.contains($0) || value.hasPrefix("/") && $0.hasPrefix(value) }
        }
        return holders.count == 1 ? holders.first?.key : nil
    }

    /// Without any value that may be a password, whichever parameter the message is about, and without what it quotes of one.
    private static func shown(_ message: String, of parameter: String?, among parameters: [String: String]) -> String {
        let secrets = parameters.filter { !$0.value.isEmpty && Secrecy.shown($0.value, of: $0.key) != $0.value }
            .map(\.value).sorted { $0.count > $1.count }
        let text = secrets.reduce(message) { $0.replacing($1, with: Secrecy.hidden) }
        // One that postgresql.auto.conf has is not known here.
        let isOfSecret = parameter.map { parameters[$0] == nil && Secrecy.hides($0) } ?? false
        let parts = text.split(separator: "\"", omittingEmptySubsequences: false).map(String.init)
        return parts.enumerated().map { index, part in
            guard !index.isMultiple(of: 2), !part.isEmpty, part != parameter, parameters[part] == nil else {
                return part
            }
            let isToken = parts[index - 1].hasSuffix("near token ")
            return isOfSecret || isToken || secrets.contains { $0.contains(part) } ? Secrecy.hidden : part
        }.joined(separator: "\"")
    }
}
