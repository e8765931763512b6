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
    /// What is copied for that, and where the old data lies.
    private var copy: Copy?

    private struct Copy: Hashable {
        var id: String
        var source: String
        var kept: String
    }

    public init() {}

    /// The request was taken off the store.
    public mutating func noteAnswer(to request: FailoverRequest?) { answered = request }

    public mutating func noteAnswer(_ report: RestartReport) { restart = report }

    public mutating func noteAnswer(_ report: ReinitializeReport) { reinitialize = report }

    /// The old data was moved aside, and the first copy is begun.
    public mutating func noteCopy(for id: String, from source: String, keptAs kept: String) {
        copy = Copy(id: id, source: source, kept: kept)
        reinitialize = ReinitializeReport(
            id: id, outcome: .running, reason: "copying from \(source); the old data is kept as \(kept)",
            isMoved: true)
    }

    /// A copy is begun, for whatever reason.
    public mutating func noteCopy(from source: String) { copy?.source = source }

    /// It came to nothing. The next decision tries again, as for any member without data.
    public mutating func noteFailedCopy(_ error: String) {
        guard let copy, let reinitialize, reinitialize.id == copy.id, !reinitialize.isFinal else { return }
        self.reinitialize?.reason =
            "a copy from \(copy.source) failed and is tried again: \(error); the old data is kept as \(copy.kept)"
    }

    /// What is said while a copy gets on: not why the one before has failed. One that fails at once changes nothing.
    ///
    /// - Parameter percent: how much of the data has come.
    public func progress(_ percent: Int, of report: ReinitializeReport) -> ReinitializeReport {
        var report = report
        report.percent = percent / 10 * 10
        if let copy, copy.id == report.id {
            report.reason = "copying from \(copy.source); the old data is kept as \(copy.kept)"
        }
        return report
    }

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
