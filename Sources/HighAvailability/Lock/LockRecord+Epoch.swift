/// Epochs come out of an object that anybody with the right to edit it may have edited. What is read there may be refused; it
/// may never end the agent that reads it: all of them read the same object.
extension LockRecord {
    /// This object is not there any more: there is none, or another one. Objects that do not tell which they are count as the same.
    func isGone(by new: LockRecord?) -> Bool {
        guard let new else { return true }
        return objectUID != nil && new.objectUID != nil && objectUID != new.objectUID
    }

    /// Stands for an epoch that cannot be read: not a number, negative, or out of range.
    ///
    /// Larger than any count of acquisitions, and small enough to be counted on from. So an acquisition over such a record
    /// begins an epoch that is later than every one this object ever had, and nobody has to edit anything; see
    /// ``epoch(after:)``. Edited twice, the same epoch may begin twice: two reigns of one epoch and different holders end each
    /// other, so that this costs a leader, never a commit.
    public static let unreadableEpoch: Int64 = 1 << 62

    /// Epochs that are taken as they are read.
    public static let epochs: ClosedRange<Int64> = 0...(unreadableEpoch + 1 << 32)

    /// Reads an epoch; nil when it cannot be.
    public static func epoch(reading text: String) -> Int64? {
        Int64(text).flatMap { epochs.contains($0) && $0 != unreadableEpoch ? $0 : nil }
    }

    /// It can be told from others, so it can be compared with them.
    public var hasReadableEpoch: Bool { Self.epochs.contains(epoch) && epoch != Self.unreadableEpoch }

    /// The epoch that an acquisition over `record` begins; nil: there is no object.
    public static func epoch(after record: LockRecord?) -> Int64 {
        guard let record else { return 1 }
        guard (epochs.lowerBound..<epochs.upperBound).contains(record.epoch), record.epoch + 1 != unreadableEpoch else {
            return unreadableEpoch + 1
        }
        return record.epoch + 1
    }
}
