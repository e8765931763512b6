/// What this member has done about what somebody asked for, while the store may not show that yet.
///
/// None of it ends with a server, or with the lock.
public struct RequestKeeping: Hashable, Sendable {
    /// The request this member was elected with; nil once its outcome is told.
    public var won: WonRequest?
    /// The request that was taken off last; nil once the watch has seen it go.
    public private(set) var answered: FailoverRequest?
    /// What became of the restart this member was asked for last.
    public private(set) var restart: RestartReport?
    /// How far the copy is that this member was asked for last.
    public private(set) var reinitialize: ReinitializeReport?

    public init() {}

    /// The request was taken off the store.
    public mutating func noteAnswer(to request: FailoverRequest?) { answered = request }

    public mutating func noteAnswer(_ report: RestartReport) { restart = report }

    public mutating func noteAnswer(_ report: ReinitializeReport) { reinitialize = report }

    /// The request that waits for an answer; a second answer to one would replace the first.
    ///
    /// - Parameter shown: by the watch, which may still show what was answered a moment ago.
    public mutating func standing(_ shown: FailoverRequest?) -> FailoverRequest? {
        guard shown != answered else { return nil }
        answered = nil
        return shown
    }

    /// What this member has answered to the order in the store; an earlier life's answer counts too.
    public func restartReport(of me: String, in view: ClusterView) -> RestartReport? {
        view.restartAnswer(of: me, restart)
    }

    /// The same for the copy it is asked for.
    public func reinitializeReport(of me: String, in view: ClusterView) -> ReinitializeReport? {
        view.reinitializeAnswer(of: me, reinitialize)
    }
}
