public import Units

/// Long actions. Each says whether it may go on when the lock is lost, or when the member is asked to stop, and how long the
/// lock is renewed for its sake.
public enum Activity: String, Codable, Hashable, Sendable, CaseIterable {
    case bootstrapping = "bootstrap"
    case cloning = "creating replica"
    case reinitializing = "reinitialize"
    case startingPrimary = "starting as primary"
    case startingStandby = "starting as a secondary"
    case promoting = "promote"
    case demoting = "demote"
    case demotingCluster = "demoting to a standby cluster"
    case handingOver = "switchover"
    case recovering = "doing crash recovery in a single user mode"
    case rejoining = "rejoining the leader"
    case racing = "leader race"
    case restarting = "restart"
    case restartingPrimary = "restart of the primary"
    case restartingStandby = "restart of the standby"
    case stopping = "stop"

    /// The action makes or keeps a primary, which without the lock must not exist.
    public var needsLock: Bool {
        switch self {
        case .startingPrimary, .promoting, .restartingPrimary: true
        case .bootstrapping, .cloning, .reinitializing, .startingStandby, .demoting, .demotingCluster, .handingOver,
            .recovering,
            .rejoining, .racing,
            .restarting, .restartingStandby, .stopping:
            false
        }
    }

    /// A member that is asked to stop does not finish it.
    ///
    /// What only brings this member into the cluster is not worth finishing; nor is a start, or a recovery, whose server is to
    /// be stopped: the Pod's time would be over before a long one.
    public var isBrokenOffByStop: Bool {
        switch self {
        case .bootstrapping, .cloning, .reinitializing, .rejoining, .racing, .startingStandby, .restartingStandby,
            .startingPrimary,
            .recovering:
            true
        case .promoting, .demoting, .demotingCluster, .handingOver, .restarting, .restartingPrimary, .stopping: false
        }
    }

    /// How long a lock is renewed while the server is being brought up or down; see ``ServerHealth``.
    public func patience(_ timings: Timings) -> Duration {
        switch self {
        case .startingPrimary, .promoting, .startingStandby, .recovering: .seconds(300)
        case .handingOver, .stopping, .restarting, .demotingCluster: .seconds(120)
        case .restartingPrimary, .restartingStandby: .seconds(480)
        case .bootstrapping, .cloning, .reinitializing, .demoting, .rejoining, .racing: timings.ttl
        }
    }
}
