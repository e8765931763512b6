public import HighAvailability
import Units

/// The history of timelines as it was in one version of its object.
public struct StoredHistory: Hashable, Sendable {
    /// Newest last.
    public let switches: [TimelineSwitch]
    /// Of the object.
    public let version: String

    public init(switches: [TimelineSwitch], version: String) {
        self.switches = switches
        self.version = version
    }

    /// The history that ends with `change`; nil when this one does already.
    ///
    /// An entry of the same timeline or a later one is of a course that was left: by a member that could not tell of it, or by
    /// a standby cluster that has followed another one since. The last entry says how far the cluster has come.
    public func ending(with change: TimelineSwitch) -> [TimelineSwitch]? {
        if let last = switches.last, last.isSame(as: change) { return nil }
        return switches.filter { $0.timeline < change.timeline } + [change]
    }
}

extension TimelineSwitch {
    /// The same end of the same timeline, by the same member, whenever and however it was told.
    public func isSame(as other: TimelineSwitch) -> Bool {
        timeline == other.timeline && position == other.position && newLeader == other.newLeader
    }
}
