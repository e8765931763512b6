import TestSupport

/// One fault with what must be true of it, run many times on local clusters.
public struct LocalScenario: Sendable {
    /// For the command line: lower-case words with dashes.
    public let name: String
    /// For tables.
    public let title: String
    public let bars: [Bar]
    /// How the agents reach the API server.
    let api: LinkProxy.Content
    /// Whether it stops the API server, so that no other cluster can share it.
    let isAlone: Bool
    /// What the members take the time from.
    let clocks: MemberCluster.Clocks
    /// It takes away what keeps a single primary without synchronous replication.
    public let needsSynchronous: Bool
    let body: @Sendable (LocalCluster, LocalScenario, Duration) async throws -> ScenarioResult

    init(
        _ name: String, _ title: String, bars: [Bar], api: LinkProxy.Content = .opaque, isAlone: Bool = false,
        clocks: MemberCluster.Clocks = .machine, needsSynchronous: Bool = false,
        body: @escaping @Sendable (LocalCluster, LocalScenario, Duration) async throws -> ScenarioResult
    ) {
        self.name = name
        self.title = title
        self.bars = bars
        self.api = api
        self.isAlone = isAlone
        self.clocks = clocks
        self.needsSynchronous = needsSynchronous
        self.body = body
    }

    /// All of them.
    public static let all: [LocalScenario] = [
        agentStopped, cutOff, postmasterStopped, backendsStopped, memberFrozen, initKilled, initKilledInBackOff,
        postmasterKilled, switchover, slowAPI, unluckyAPI, stoppedAPI, voteStorm, leaderStarved, leaderStarvedOut,
        slowCallback, leaderClockStepped, standbyClockStepped, bootTimesApart, clocksApartFailover,
    ]

    /// What it is judged by in a mode of replication: where commits wait for standbys, none may be lost.
    func bars(in mode: LocalProfile.Mode) -> [Bar] {
        let noneLost = Bar(.named(Self.lostRows), maximum: 0)
        return mode == .off || bars.contains(noneLost) ? bars : bars + [noneLost]
    }

    static let lateRows = "acknowledged by the old primary after the new one led"
    static let lastBeforeLock = "last acknowledgement before the lock was taken, ms"
    static let lostRows = "acknowledged rows lost"
    static let pastFence = "acknowledged by the old primary when its fence was over"
    static let roleChanges = "role changes"
    static let errors = "client errors"
    static let throttled = "seconds in which it was held back"
}
