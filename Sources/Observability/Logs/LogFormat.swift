/// How a record is written.
public enum LogFormat: String, Sendable, CaseIterable {
    /// One JSON object per line, for collectors.
    case json
    /// `time level label: message key=value`, for people at a terminal.
    case text
}
