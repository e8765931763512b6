public import Units

/// A server's timeline history: where each timeline it descends from ended.
public struct TimelineHistory: Hashable, Sendable {
    public struct Switch: Hashable, Sendable {
        /// The timeline that ended.
        public let timeline: Timeline
        /// The position at which the next one began.
        public let position: LSN
        public let reason: String
    }

    /// Oldest first.
    public let switches: [Switch]

    /// Reads a `.history` file; lines that are not `number, position, reason` are skipped, as PostgreSQL does with comments.
    public init(parsing text: String) {
        switches = text.split(whereSeparator: \.isNewline).compactMap { line in
            let fields = line.split(maxSplits: 2, whereSeparator: { $0 == "\t" || $0 == " " })
            guard fields.count >= 2, let number = UInt32(fields[0]), let position = LSN(String(fields[1])) else {
                return nil
            }
            return Switch(
                timeline: Timeline(rawValue: number), position: position,
                reason: fields.count == 3 ? String(fields[2]) : "")
        }
    }

    /// Where `timeline` ended; nil when it is not an ancestor.
    public func end(of timeline: Timeline) -> LSN? {
        switches.last { $0.timeline == timeline }?.position
    }
}
