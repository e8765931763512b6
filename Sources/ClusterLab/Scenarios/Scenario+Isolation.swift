import Fence
import Units

extension Scenario {
    /// The leader's Pod hangs and is off the network; both end after another leads.
    public static let frozenAndCutOff = Scenario(
        "frozen-and-cut-off", "leader frozen and cut off, then healed"
    ) { cluster, title in
        try await cluster.isolateLeader(title, freezing: true, cutting: true)
    }

    /// The leader's Pod hangs; its sessions and sockets are there again when it wakes up.
    public static let frozen = Scenario("frozen", "leader frozen, then thawed") { cluster, title in
        try await cluster.isolateLeader(title, freezing: true, cutting: false)
    }

    /// The leader runs and can reach nobody.
    public static let cutOff = Scenario("cut-off", "leader cut off, then healed") { cluster, title in
        try await cluster.isolateLeader(title, freezing: false, cutting: true)
    }
}

extension LabCluster {
    /// A second application writes straight to the old leader's Pod, as one on the wrong side of a split would.
    private static let directFirstID: Int64 = 1_000_000_000
    private static let lateRows = "rows acknowledged by the old leader too late"

    func isolateLeader(_ title: String, freezing: Bool, cutting: Bool) async throws -> ScenarioResult {
        let healthy = try await waitUntilHealthy()
        let target = try await target()
        try await Writer.prepareTable(at: target)
        let freezer = try Freezer(podUID: healthy.leader.podUID)
        let network = try NetworkCut(podUID: healthy.leader.podUID)
        let direct = Writer(
            target: target.at(host: healthy.leader.address), run: "\(title), direct \(BootClock.now().nanoseconds)",
            firstID: Self.directFirstID)
        var interruption = Interruption(
            act: { _ in
                if freezing { try freezer.freeze() }
                if cutting { try await network.cut() }
                return BootClock.now()
            }, isBack: Interruption.leaderChanged,
            heal: {
                // The other order would let nothing out; this one is the dangerous one.
                try await network.heal()
                try freezer.thaw()
            })
        interruption.limit = .seconds(90)
        await direct.start()
        do {
            var outcome = try await measure(title, interruption)
            check(await direct.stop(), against: &outcome)
            // Cut off, its agent and its fence ran all the time. A machine that stood still as a whole can only fence when it
            // runs again, so there the number is shown and not judged.
            if !freezing {
                outcome.result.require(
                    outcome.result.figures[Self.lateRows] == 0, "the old leader acknowledged rows after the new one")
            }
            return outcome.leaderReplaced
        } catch {
            _ = await direct.stop()
            throw error
        }
    }

    /// What the old leader acknowledged to its own client after the new one had acknowledged to others.
    private func check(_ direct: WriteHistory, against outcome: inout InterruptionOutcome) {
        let before = outcome.before
        guard
            let promotion = outcome.history.acknowledged.first(where: {
                Interruption.leaderChanged(before, $0)
            })
        else { return }
        let late = direct.acknowledged.filter { record in
            record.decided > promotion.decided && record.timeline.map { $0 <= before.timeline } ?? true
        }
        outcome.result.figures[Self.lateRows] = Int64(late.count)
    }
}
