public import Units

/// What this member leaves alone for a while, because it has just tried it in vain or given it up.
///
/// Each has an end of its own; none ends with a server.
public struct StandingBack: Hashable, Sendable {
    /// Others go first in a race until then; nil once the lock is this member's.
    public private(set) var until: BootInstant?
    /// Until then somebody else is to lead: this member gave the lock up.
    public private(set) var gaveWayUntil = BootInstant(nanoseconds: 0)
    /// Standbys that did not answer when this member was to stream or copy from them, and until when they are left alone.
    public private(set) var avoidedSources: [String: BootInstant] = [:]
    /// How often pg_rewind has failed, one after the other, though its source answers.
    private var failedRewinds = 0
    /// How often a copy has failed, one after the other.
    private var failedCopies = 0

    /// While the source answers.
    private static let rewindsBeforeCopy = 3
    /// A leader that is restarted, or makes its roles, lets one or two fail.
    private static let copiesBeforeTelling = 3

    public init() {}

    /// A race is lost, or is not this member's to win.
    public mutating func noteRace(at now: BootInstant) { until = now + Grace.standBack }

    /// The lock is this member's.
    public mutating func noteLock() { until = nil }

    /// The lock is about to be given up: nobody is to wait for this member's candidacy.
    public mutating func giveWay(until end: BootInstant) { gaveWayUntil = end }

    /// It was given up: this member does not race for it either.
    public mutating func noteGivenWay() { until = gaveWayUntil }

    public mutating func avoid(_ source: String, at now: BootInstant) {
        avoidedSources = avoidedSources.filter { now < $0.value }
        avoidedSources[source] = now + Grace.avoidSource
    }

    /// pg_rewind has failed though its source answers.
    ///
    /// - Returns: whether it is worth another try.
    public mutating func noteFailedRewind() -> Bool {
        failedRewinds += 1
        return failedRewinds < Self.rewindsBeforeCopy
    }

    /// The data is on the leader's course.
    public mutating func noteCourse() { (failedRewinds, failedCopies) = (0, 0) }

    /// A copy has failed.
    ///
    /// - Returns: whether somebody is to hear of it.
    public mutating func noteFailedCopy() -> Bool {
        failedCopies += 1
        return failedCopies >= Self.copiesBeforeTelling
    }
}
