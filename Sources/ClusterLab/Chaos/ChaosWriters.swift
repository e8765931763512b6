import Fence
import TestSupport
import Units

/// The clients of a local cluster: one that looks for whoever takes writes, and one at each member that stays there whatever
/// happens, as a client on the wrong side of a split does.
struct ChaosWriters: Sendable {
    let run: String
    let roaming: Writer
    /// In the order of the members; then those that storm one of them.
    let pinned: [Writer]

    /// - Parameters:
    ///   - target: has `storm` more clients, each as fast as a client gets.
    init(_ cluster: LocalCluster, run: String, storming target: MemberProcess? = nil, _ storm: Int = 0) {
        self.run = run
        roaming = Writer(targets: cluster.targets, run: run)
        var pace = Writer.Pace()
        pace.interval = .milliseconds(50)
        pace.reconnectPause = .milliseconds(100)
        let calm = pace
        var pinned = cluster.targets.enumerated().map { ordinal, target in
            Writer(target: target, run: run, firstID: Int64(ordinal + 1) * 1_000_000_000, pace: calm)
        }
        if let target {
            pace.interval = .milliseconds(10)
            for ordinal in pinned.count..<pinned.count + storm {
                pinned.append(
                    Writer(
                        target: cluster.target(target), run: run, firstID: Int64(ordinal + 1) * 1_000_000_000,
                        pace: pace))
            }
        }
        self.pinned = pinned
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
