public import Units

/// The settings every member shares, kept in the store and changed while the cluster runs.
///
/// Keys, defaults and units are Patroni 4.1's where Patroni has the setting.
public struct DynamicConfiguration: Codable, Hashable, Sendable {
    public var timings: Timings
    /// How far behind the last published position a candidate may be in an unplanned failover.
    public var maximumLagOnFailover: ByteCount
    /// While true nothing is started, stopped or promoted; the lock is still renewed.
    public var isPaused: Bool
    public var synchronous: SynchronousPolicy
    /// A primary that cannot reach the store goes on while every member agrees. Default false, as Patroni's.
    public var usesFailsafe: Bool
    /// How long a leader may take to start or recover before a healthy candidate takes its place. Default 300 s; zero: after
    /// a crash one does at once.
    public var primaryStartTimeout: Duration
    /// How long a primary's fast stop may take before it is made an immediate one. Default 0, as Patroni's: 30 s.
    public var primaryStopTimeout: Duration
    public var usesRewind: Bool
    public var usesSlots: Bool
    /// How long a slot is kept for a member that has gone. Default 30 min.
    public var memberSlotRetention: Duration
    /// The cluster this one follows; nil: it follows none.
    public var standbyCluster: StandbyCluster?
    /// How many members there are to be, 1 or more; nil: nobody says, as in a store of Patroni's.
    public var instances: Int?
    /// Server parameters, by lower-case name.
    public var parameters: [String: String]
    /// Lines of pg_hba.conf, after the internal ones.
    public var hostBasedAuthentication: [String]
    /// Lines of pg_ident.conf.
    public var identityMap: [String]

    public init(
        timings: Timings = .standard,
        maximumLagOnFailover: ByteCount = .mebibytes(1),
        isPaused: Bool = false,
        synchronous: SynchronousPolicy = .off,
        usesFailsafe: Bool = false,
        primaryStartTimeout: Duration = .seconds(300),
        primaryStopTimeout: Duration = .zero,
        usesRewind: Bool = true,
        usesSlots: Bool = true,
        memberSlotRetention: Duration = .seconds(30 * 60),
        standbyCluster: StandbyCluster? = nil,
        instances: Int? = nil,
        parameters: [String: String] = [:],
        hostBasedAuthentication: [String] = [],
        identityMap: [String] = []
    ) {
        self.timings = timings
        self.maximumLagOnFailover = maximumLagOnFailover
        self.isPaused = isPaused
        self.synchronous = synchronous
        self.usesFailsafe = usesFailsafe
        self.primaryStartTimeout = primaryStartTimeout
        self.primaryStopTimeout = primaryStopTimeout
        self.usesRewind = usesRewind
        self.usesSlots = usesSlots
        self.memberSlotRetention = memberSlotRetention
        self.standbyCluster = standbyCluster
        self.instances = instances
        self.parameters = parameters
        self.hostBasedAuthentication = hostBasedAuthentication
        self.identityMap = identityMap
    }
}
