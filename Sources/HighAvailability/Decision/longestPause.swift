public import Units

/// How long a member sleeps at least between two looks, whatever is due.
public let shortestPause = Duration.milliseconds(20)

/// How long a member may sleep when no event wakes it: until the first instant at which ``decide(_:)`` could say
/// something else without anything having happened.
///
/// Only instants to come count. One that has passed has had its effect on the decision just made; waiting for it again
/// would never end.
///
/// - Parameters:
///   - lockExpiry: when a lock held by another runs out; nil when that is not what we wait for.
///   - isSilent: the server did not answer the last look, which has to be told from a short absence soon.
/// - Returns: at most `loopWait`, at least ``shortestPause``.
public func longestPause(
    after observation: Observation, lockExpiry: BootInstant?, isSilent: Bool = false,
    isSynchronousUnsettled: Bool = false
) -> Duration {
    var pause = observation.cluster.configuration.timings.loopWait
    let outage = observation.outage?.turningPoints(observation.cluster.configuration) ?? []
    let silence = observation.notStreamingSince.map { $0 + Grace.sourceSilence }
    let courseCheck = observation.notStreamingSince.map { $0 + Grace.courseCheck }
    for instant in [lockExpiry, observation.standsBackUntil, silence, courseCheck].compactMap(\.self) + outage
    where instant > observation.now {
        pause = min(pause, instant - observation.now)
    }
    if observation.lock.isMine, let schedule = observation.cluster.failover?.schedule, let now = observation.wallClock,
        case .awaited(let left) = schedule.phase(at: now, loopWait: pause)
    {
        pause = min(pause, left)
    }
    if observation.lock.isFree { pause = min(pause, .milliseconds(200)) }
    if case .starting = observation.server { pause = min(pause, .milliseconds(100)) }
    if isSilent { pause = min(pause, .milliseconds(500)) }
    if observation.lock.isMine, observation.cluster.configuration.synchronous.mode != .off {
        // A standby that vanishes tells nobody, and commits may wait for it.
        pause = min(pause, isSynchronousUnsettled ? .milliseconds(50) : .seconds(1))
    }
    return max(pause, shortestPause)
}
