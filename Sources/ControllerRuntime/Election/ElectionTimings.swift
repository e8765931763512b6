/// The three durations of a leader election; the defaults are client-go's.
public struct ElectionTimings: Sendable, Hashable {
    /// How long others wait after they last saw the lease change.
    public var leaseDuration: Duration
    /// How long the leader goes on without a confirmed renewal before it stops.
    public var renewDeadline: Duration
    /// The pause between two attempts to take or renew.
    public var retryPeriod: Duration

    public init(
        leaseDuration: Duration = .seconds(15), renewDeadline: Duration = .seconds(10),
        retryPeriod: Duration = .seconds(2)
    ) {
        self.leaseDuration = leaseDuration
        self.renewDeadline = renewDeadline
        self.retryPeriod = retryPeriod
    }
}
