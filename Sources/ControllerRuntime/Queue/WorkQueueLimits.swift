/// How quickly a work queue hands failed keys out again; the defaults are controller-runtime's.
public struct WorkQueueLimits: Sendable, Hashable {
    /// The first pause of a failing key; each further failure doubles it.
    public var basePause: Duration
    public var maximumPause: Duration
    /// Retries per second over all keys.
    public var overallRate: Double
    public var overallBurst: Int

    public init(
        basePause: Duration = .milliseconds(5), maximumPause: Duration = .seconds(1000), overallRate: Double = 10,
        overallBurst: Int = 100
    ) {
        self.basePause = basePause
        self.maximumPause = maximumPause
        self.overallRate = overallRate
        self.overallBurst = overallBurst
    }
}
