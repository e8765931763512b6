import Synchronization

/// What the server remarked during one statement; libpq's callback appends.
final class NoticeCollector: Sendable {
    private let collected = Mutex<[String]>([])

    /// Drops what exceeds ``QueryResult/maximumNotices``: the first ones say what happened.
    func append(_ message: String) {
        collected.withLock { if $0.count < QueryResult.maximumNotices { $0.append(message) } }
    }

    func removeAll() {
        collected.withLock { $0.removeAll() }
    }

    var messages: [String] { collected.withLock { $0 } }
}
