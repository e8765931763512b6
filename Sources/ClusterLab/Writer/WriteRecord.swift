public import Units

/// One attempt to insert one row: when it was asked for, when it was decided, and how.
public struct WriteRecord: Hashable, Sendable {
    /// What the client knows about the row.
    public enum Outcome: String, Hashable, Sendable {
        /// The commit was acknowledged.
        case acknowledged = "ok"
        /// The server refused: the row does not exist.
        case refused = "fail"
        /// No answer came: the row may exist.
        case unknown
    }

    /// Unique within one run of one or more writers.
    public let id: Int64
    /// When the statement was sent.
    public let invoked: BootInstant
    /// When the answer came or was given up.
    public let decided: BootInstant
    public let outcome: Outcome
    /// The address of the server that acknowledged.
    public let server: String?
    /// The timeline the server wrote on; it rises with every promotion.
    public let timeline: Timeline?
    /// The process that acknowledged, as the server numbers it.
    public let backend: Int32?
    /// The error of an attempt that was not acknowledged.
    public let error: String?

    public init(
        id: Int64, invoked: BootInstant, decided: BootInstant, outcome: Outcome, server: String? = nil,
        timeline: Timeline? = nil, backend: Int32? = nil, error: String? = nil
    ) {
        self.id = id
        self.invoked = invoked
        self.decided = decided
        self.outcome = outcome
        self.server = server
        self.timeline = timeline
        self.backend = backend
        self.error = error
    }
}
