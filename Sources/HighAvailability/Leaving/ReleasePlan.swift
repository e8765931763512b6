public import Units

/// How a leader whom nobody asked to lets its lock go (``Action/release``), step by step.
///
/// 1. While paused, a person may be restarting the server: wait a moment for it. 2. A server that was asked to promote may have
/// done so by now: look. 3. End every process that could acknowledge a commit. 4. Let the lock go. 5. Stand back, if
/// another one is to lead.
///
/// Invariant: a primary is gone before anybody else may lead, and backends outlive a postmaster that was killed. So is a
/// standby that was asked to become one, and may yet do so. Only a standby nobody asked runs on.
public struct ReleasePlan: Hashable, Sendable {
    /// The lock is given up because another member may do better.
    private var isForAnother: Bool
    /// The server was a standby when this was decided; with ``isForAnother`` it was asked to promote.
    private var wasStandby: Bool
    private var isPaused: Bool
    private var isWatchdogMissing: Bool

    /// - Parameter observation: what the release was decided on.
    public init(_ observation: Observation) {
        isForAnother = observation.outage?.successor != nil
        wasStandby = if case .standby = observation.server { true } else { false }
        isPaused = observation.cluster.configuration.isPaused
        isWatchdogMissing = observation.isWatchdogMissing
    }

    /// So long the server may be started by hand, and the lock is kept then: `pg_ctl restart` stops a server, and starts another
    /// one a moment later. nil: nobody is waited for.
    ///
    /// - Parameter server: as it is now.
    public func timeForHand(_ server: ServerState) -> Duration? {
        guard isPaused, case .stopped = server else { return nil }
        return .seconds(2)
    }

    /// The server may have ended its recovery since this was decided: then this member leads after all.
    public var mayLeadAfterAll: Bool { isForAnother && wasStandby }

    /// Every process of the data directory is ended first.
    ///
    /// - Parameter server: as it is now.
    public func endsServer(_ server: ServerState) -> Bool {
        guard case .standby = server else { return true }
        return isForAnother
    }

    /// So long this member leaves the lock to others, and is no candidate in their eyes; nil: it may take it again at once.
    public func timeForOthers(_ timings: Timings) -> Duration? {
        isForAnother || isWatchdogMissing ? timings.ttl : nil
    }
}
