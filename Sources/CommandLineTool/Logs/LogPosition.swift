/// How far a member's log was printed, over several connections.
///
/// A log that is asked for again begins with the last second that was seen: the API server cuts times to seconds. Only there
/// lines are passed over, and only as many as were printed: within a connection every line is new, also with the time of the
/// one before it, or an earlier one after the node's clock was set back.
struct LogPosition {
    /// Of the newest line as the node wrote it; nil before the first one.
    private(set) var stamp: String?
    /// Lines of the second of ``stamp`` that were printed, in their order.
    private var printed: [LogLine] = []
    /// Those of them that this connection has not sent again yet; nil: it has sent them all.
    private var expected: [LogLine]?

    /// Another connection begins, which asks for what follows ``stamp``.
    mutating func begin() {
        expected = printed.isEmpty ? nil : printed
    }

    /// Whether this line of the connection was not printed before.
    mutating func isNew(_ line: LogLine) -> Bool {
        if let before = expected, let index = before.firstIndex(of: line) {
            // What stands before it was rotated away.
            let rest = before[(index + 1)...]
            expected = rest.isEmpty ? nil : Array(rest)
            return false
        }
        if line.stamp.isEmpty {
            if !printed.isEmpty { printed.append(line) }
            return true
        }
        if Self.second(line.stamp) != stamp.map(Self.second) { printed = [] }
        stamp = line.stamp
        printed.append(line)
        return true
    }

    /// `2026-11-21T00:00:01.5Z` and `2026-11-21T00:00:01Z` are one. Times of one node are in one zone.
    private static func second(_ stamp: String) -> Substring { stamp.prefix(19) }
}
