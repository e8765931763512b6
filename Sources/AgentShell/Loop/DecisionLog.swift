import ClusterRecords
import HighAvailability

/// The last decisions of this life of the agent, each with what it was made on: what `matriarch why` shows.
///
/// What is decided again, loop after loop, is one entry that goes on; so a member that waits for something keeps what led to
/// it.
struct DecisionLog {
    static let capacity = 50
    /// Of a reason, in characters. It may quote a server's or a person's words; the log has it whole.
    static let longestReason = 200
    /// Of a thing that was seen: a cluster's 32 members find room in it.
    static let longestSight = 2000

    /// Oldest first.
    private(set) var records: [DecisionRecord] = []

    /// - Parameters:
    ///   - saw: asked for only when it is news.
    ///   - now: RFC 3339.
    mutating func note(
        _ kind: DecisionRecord.Kind, _ what: String, because reason: String, at now: String, saw: () -> [String: String]
    ) {
        let reason = Self.cut(reason, to: Self.longestReason)
        if let index = going(kind), records[index].what == what, records[index].reason == reason {
            records[index].until = now
            records[index].count += 1
            return
        }
        let seen = saw().mapValues { Self.cut($0, to: Self.longestSight) }
        records.append(DecisionRecord(kind, what: what, reason: reason, saw: seen, since: now, until: now))
        records.removeFirst(max(0, records.count - Self.capacity))
    }

    private static func cut(_ text: String, to length: Int) -> String {
        text.count <= length ? text : text.prefix(length - 1) + "…"
    }

    /// The entry that goes on if the same is so again: of the loop its last decision, whatever elections that led to; of an
    /// election or a failure the last one since that decision.
    private func going(_ kind: DecisionRecord.Kind) -> Int? {
        guard let last = records.lastIndex(where: { $0.kind == kind }) else { return nil }
        let decided = records.lastIndex { $0.kind == .decision } ?? 0
        return last >= decided ? last : nil
    }
}
