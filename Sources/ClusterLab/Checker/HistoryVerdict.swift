public import Units

/// What a history and the rows found afterwards say about each other.
public struct HistoryVerdict: Hashable, Sendable {
    /// Rows whose commit was acknowledged.
    public let acknowledged: Int
    /// Acknowledged rows that are not there.
    public let lost: [Int64]
    /// Lost rows whose primary went on to acknowledge for longer than ``sendingTime``: they had been sent by its end, if its
    /// standbys could be reached.
    public let lostThoughSent: [Int64]
    /// Rows that are there although nobody acknowledged them: their answer was lost on the way.
    public let presentUnacknowledged: [Int64]
    /// Rows that are there although the server said they were refused.
    public let presentRefused: [Int64]
    /// Rows that are there more than once.
    public let duplicated: [Int64]
    /// Commits acknowledged on an older timeline after the first one on a newer timeline: two primaries.
    public let overlapping: [WriteRecord]
    /// Commits acknowledged by a former holder of the lock after another was seen to hold it.
    public let late: [WriteRecord]
    /// The timelines of acknowledged commits, in order of appearance.
    public let timelines: [Timeline]

    /// Nothing acknowledged was lost, nothing came twice, and one primary at a time acknowledged.
    public var isSound: Bool { isSound(tolerating: []) }

    /// The same, but for what the mode of replication does not promise after a fault.
    public func isSound(tolerating tolerated: Set<ScenarioResult.Tolerance>) -> Bool {
        duplicated.isEmpty && presentRefused.isEmpty
            && (lost.isEmpty || tolerated.contains(.loss)
                || tolerated.contains(.lossAtTheEnd) && lostThoughSent.isEmpty)
            && (formerPrimaryCount == 0 || tolerated.contains(.lateness))
    }

    /// Commits acknowledged by a primary when another already led, by the lock or by what it had acknowledged.
    public var formerPrimaryCount: Int { Set(late.map(\.id)).union(overlapping.map(\.id)).count }

    /// How long a row that is acknowledged may take to leave a primary that can reach its standbys.
    public static let sendingTime = Duration.milliseconds(200)

    /// Compares a history with the rows found after everything has healed.
    ///
    /// - Parameters:
    ///   - present: the ids in the table, each as often as it is there.
    ///   - epochs: what was seen of the lock meanwhile, in order; empty when nobody looked.
    public init(history: WriteHistory, present: [Int64], epochs: [EpochSighting] = []) {
        let acknowledgedRecords = history.acknowledged
        let acknowledgedIDs = Set(acknowledgedRecords.map(\.id))
        let refused = Set(history.records.filter { $0.outcome == .refused }.map(\.id))
        let found = Set(present)
        acknowledged = acknowledgedRecords.count
        lost = acknowledgedIDs.subtracting(found).sorted()
        let ends = Dictionary(acknowledgedRecords.map { ($0.timeline, $0.decided) }, uniquingKeysWith: max)
        lostThoughSent = acknowledgedRecords.filter { record in
            !found.contains(record.id) && ends[record.timeline].map { $0 - record.decided > Self.sendingTime } ?? true
        }.map(\.id).sorted()
        presentUnacknowledged = found.subtracting(acknowledgedIDs).sorted()
        presentRefused = found.intersection(refused).sorted()
        duplicated = Dictionary(grouping: present, by: \.self).filter { $0.value.count > 1 }.keys.sorted()

        var newest: Timeline?
        var overlapping: [WriteRecord] = []
        var timelines: [Timeline] = []
        for record in acknowledgedRecords {
            guard let timeline = record.timeline else { continue }
            if let newest, timeline < newest { overlapping.append(record) }
            newest = max(newest ?? timeline, timeline)
            if !timelines.contains(timeline) { timelines.append(timeline) }
        }
        self.overlapping = overlapping
        late = acknowledgedRecords.filter { record in epochs.contains { $0.forbids(record, among: epochs) } }
        self.timelines = timelines
    }
}

extension HistoryVerdict: CustomStringConvertible {
    public var description: String {
        func list(_ ids: [Int64]) -> String {
            ids.prefix(10).map(String.init).joined(separator: ", ") + (ids.count > 10 ? ", …" : "")
        }
        var parts = ["\(acknowledged) acknowledged", "\(lost.count) lost"]
        if !lost.isEmpty { parts.append("lost ids \(list(lost))") }
        if !presentUnacknowledged.isEmpty { parts.append("\(presentUnacknowledged.count) present unacknowledged") }
        if !presentRefused.isEmpty { parts.append("present although refused: \(list(presentRefused))") }
        if !duplicated.isEmpty { parts.append("twice: \(list(duplicated))") }
        if !overlapping.isEmpty { parts.append("\(overlapping.count) acknowledged by an older timeline") }
        if !late.isEmpty { parts.append("\(late.count) acknowledged after another held the lock") }
        return parts.joined(separator: ", ")
    }
}
