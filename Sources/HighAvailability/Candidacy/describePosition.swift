public import Units

/// What keeps a member from leading whatever its server has.
public struct Availability: Hashable, Sendable {
    public var tags: MemberTags
    /// It was asked to end.
    public var isStopping: Bool
    /// It gave the lock up a moment ago, so that another one leads.
    public var givesWay: Bool
    /// It has to have a watchdog, and has none.
    public var lacksWatchdog: Bool
    /// Its volume takes no writes.
    public var isVolumeStuck: Bool
    /// The last leader's list keeps it from taking this lock.
    public var isBarred: Bool

    public init(
        tags: MemberTags, isStopping: Bool, givesWay: Bool = false, lacksWatchdog: Bool = false,
        isVolumeStuck: Bool = false, isBarred: Bool
    ) {
        self.tags = tags
        self.isStopping = isStopping
        self.givesWay = givesWay
        self.lacksWatchdog = lacksWatchdog
        self.isVolumeStuck = isVolumeStuck
        self.isBarred = isBarred
    }

    /// Whoever may not take this lock is nobody the others should wait for.
    public var mayLead: Bool {
        tags.mayLead && !isStopping && !givesWay && !lacksWatchdog && !isVolumeStuck && !isBarred
    }
}

/// A server that answers, as far as an election goes.
public struct MeasuredServer: Hashable, Sendable {
    public var isPrimary: Bool
    public var timeline: Timeline
    /// How far its WAL reaches.
    public var position: LSN
    /// How far it has replayed; on a primary ``position``.
    public var replayed: LSN
    public var isReplayPausedForSettings: Bool

    public init(
        isPrimary: Bool, timeline: Timeline, position: LSN, replayed: LSN, isReplayPausedForSettings: Bool = false
    ) {
        self.isPrimary = isPrimary
        self.timeline = timeline
        self.position = position
        self.replayed = replayed
        self.isReplayPausedForSettings = isReplayPausedForSettings
    }
}

/// Where a member with a running server is, and whether it is a candidate; a vote, where seals are asked for.
public func describePosition(
    of name: String, _ server: MeasuredServer, _ availability: Availability
) -> PositionReport {
    PositionReport(
        name: name, isPrimary: server.isPrimary, timeline: server.timeline, position: server.position,
        replayed: server.replayed, isEligible: availability.mayLead && !server.isReplayPausedForSettings,
        priority: availability.tags.failoverPriority)
}

/// Where a member without a running server is, and whether it is a candidate.
///
/// Of those only one is that knows the end of its WAL: a primary that was stopped in order, which has all it ever
/// acknowledged. It is none while an action does something else with its files, or once the cluster follows another course.
///
/// - Parameters:
///   - files: what the data directory holds. Without data an answer is given all the same: "nothing here" is what a member
///     that asks needs to know.
///   - activity: under way in this member; a race is the very action a candidate asks in.
///   - view: nil: the store was never read.
/// - Returns: nil when nothing can be told.
public func describePosition(
    of name: String, files: ServerState, activity: Activity?, in view: ClusterView?, _ availability: Availability
) -> PositionReport? {
    switch files {
    case .noData:
        return PositionReport(
            name: name, isPrimary: false, timeline: Timeline(rawValue: 0), position: .invalid, replayed: .invalid,
            isEligible: false)
    case .stopped(let stopped):
        let isOnOurCourse = view.map { !$0.isOnUnrecordedCourse(stopped, of: name) } ?? true
        return PositionReport(
            name: name, isPrimary: false, timeline: stopped.timeline, position: stopped.position,
            replayed: stopped.position,
            isEligible: availability.mayLead && stopped.knowsItsEnd && isOnOurCourse
                && (activity == nil || activity == .racing),
            priority: availability.tags.failoverPriority)
    case .unusable, .damaged, .starting, .primary, .standby, .unresponsive:
        return nil
    }
}

extension StoppedServer {
    /// Its checkpoint is the end of its WAL. A standby's, or that of a server that was killed, only running it finds.
    public var knowsItsEnd: Bool { wasPrimary && isClean }
}
