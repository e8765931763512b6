public import Logging

/// Writes each record as one line of JSON or text.
///
/// The keys of the JSON form are `time`, `level`, `logger`, `message`, then the metadata at the top level; a metadata key
/// that collides with one of the four gets the prefix `meta.`. `source`, file and line are left out: the label names the part.
public struct StructuredLogHandler: LogHandler {
    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let format: LogFormat
    private let destination: LogDestination
    private let clock: @Sendable () -> LogTime

    public init(
        label: String,
        format: LogFormat = .json,
        level: Logger.Level = .info,
        destination: LogDestination = .standardError,
        clock: @escaping @Sendable () -> LogTime = { .now() }
    ) {
        self.label = label
        self.format = format
        self.logLevel = level
        self.destination = destination
        self.clock = clock
    }

    /// Makes this the process's log handler. To be called once, first thing in `main`.
    public static func bootstrap(format: LogFormat = .json, level: Logger.Level = .info) {
        LoggingSystem.bootstrap { StructuredLogHandler(label: $0, format: format, level: level) }
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var merged = metadata
        if let provided = metadataProvider?.get() { merged.merge(provided) { _, new in new } }
        if let own = event.metadata { merged.merge(own) { _, new in new } }
        if let error = event.error { merged["error"] = "\(error)" }
        let record = LogRecord(
            time: clock(), level: event.level, label: label, message: event.message.description, metadata: merged)
        destination(record.line(format))
    }
}
