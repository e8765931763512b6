import Fence
import HighAvailability

/// The clients of a local cluster: one that looks for whoever takes writes, and one at each member that stays there whatever
/// happens, as a client on the wrong side of a split does.
struct ChaosWriters: Sendable {
    let run: String
    let roaming: Writer
    /// In the order of the members.
    let pinned: [Writer]

    init(_ cluster: LocalCluster, run: String) {
        self.run = run
        roaming = Writer(targets: cluster.targets, run: run)
        var pace = Writer.Pace()
        pace.interval = .milliseconds(50)
        pace.reconnectPause = .milliseconds(100)
        let calm = pace
        pinned = cluster.targets.enumerated().map { ordinal, target in
            Writer(target: target, run: run, firstID: Int64(ordinal + 1) * 1_000_000_000, pace: calm)
        }
    }

    func start() async {
        for writer in [roaming] + pinned { await writer.start() }
    }

    /// What all of them together saw.
    func stop() async -> WriteHistory {
        var history = await roaming.stop()
        for writer in pinned { history = history.merged(with: await writer.stop()) }
        return history
    }
}
