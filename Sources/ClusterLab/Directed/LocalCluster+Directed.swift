import ClusterRecords
import Fence
import HighAvailability
import TestSupport
import Units

extension LocalCluster {
    /// How many rows are written before a fault and after it was mended.
    private static let undisturbedRows = 25

    /// A fault that takes the leader away for a while; then it is mended and all have to stream again.
    func replaceLeader(
        _ scenario: LocalScenario, by fault: Fault, for duration: Duration, beside other: Fault? = nil,
        asynchronouslyTolerating tolerated: Set<ScenarioResult.Tolerance> = []
    ) async throws -> ScenarioResult {
        try await watched(scenario, tolerating: profile.mode == .off ? tolerated : []) { before, writers, lock in
            let start = BootClock.now()
            let otherUndo: FaultUndo? =
                if let other { try await self.apply(other, to: before.leader) } else { nil }
            let undo = try await self.apply(fault, to: before.leader)
            if let otherUndo {
                try await Task.sleep(for: .seconds(5))
                try await otherUndo.undo()
            }
            try await self.awaitSuccessor(of: before.leader, after: start, writers, lock)
            // Who was away comes back while the new leader writes: the dangerous moment.
            let rest = start + duration - BootClock.now()
            if rest > .zero { try await Task.sleep(for: rest) }
            try await undo.undo()
            return start
        }
    }

    /// The others vote while the old primary runs, streams and is written to as hard as can be: its agent and its init
    /// stand still, so that nothing renews its lock and no fence falls.
    ///
    /// - Parameter duration: then both go on, and the fence that is long over falls at last.
    func voteUnderLoad(_ scenario: LocalScenario, for duration: Duration) async throws -> ScenarioResult {
        var result = try await watched(scenario, stormWriters: Self.stormWriters) { before, writers, lock in
            let start = BootClock.now()
            let stopped = try before.leader.stopSupervision()
            try await self.awaitSuccessor(of: before.leader, after: start, writers, lock)
            let rest = start + duration - BootClock.now()
            if rest > .zero { try await Task.sleep(for: rest) }
            stopped.resume()
            return start
        }
        result.require(
            result.figures[LocalScenario.pastFence, default: 0] > 0,
            "the old primary wrote nothing while the others voted")
        return result
    }

    /// Clients of the old primary alone, each with a row every 10 ms.
    private static let stormWriters = 6

    /// Waits beyond the time a lock lives and a promotion takes; the bars judge how long it took.
    func awaitSuccessor(
        of leader: MemberProcess, after start: BootInstant, _ writers: ChaosWriters, _ lock: LockWatcher
    ) async throws {
        try await wait(
            for: "another leader's first row", within: profile.timings.ttl + .seconds(30), saying: progress
        ) { () -> Sight<Void> in
            guard await lock.successor(of: leader.name, after: start) != nil,
                let latest = await writers.roaming.latest, latest.decided > start, latest.server != leader.address
            else { return .notYet(await writers.roaming.sight) }
            return .reached(())
        }
    }

    /// A fault that is over at once.
    func interrupt(_ scenario: LocalScenario, by fault: Fault) async throws -> ScenarioResult {
        // A killed primary may have acknowledged what no standby has received.
        let tolerated: Set<ScenarioResult.Tolerance> = profile.mode == .off && fault.mayLoseRows ? [.loss] : []
        return try await watched(scenario, tolerating: tolerated) { before, writers, _ in
            let candidate = fault == .switchover ? before.standbys.first ?? before.leader : before.leader
            let start = BootClock.now()
            _ = try await self.apply(fault, to: candidate)
            try await wait(
                for: "the next row", within: self.profile.timings.ttl + .seconds(30), saying: self.progress
            ) { () -> Sight<Void> in
                // One that was asked for after the fault: an answer may still have been on its way.
                guard let latest = await writers.roaming.latest, latest.invoked > start + .milliseconds(100),
                    fault != .switchover || latest.server == candidate.address
                else { return .notYet(await writers.roaming.sight) }
                return .reached(())
            }
            return start
        }
    }

    /// The same while every member has callbacks that do not come to an end.
    func interruptWithSlowCallbacks(_ scenario: LocalScenario, by fault: Fault) async throws -> ScenarioResult {
        let slow = try await apply(.slowCallbacks, to: members.members[0])
        var result = try await interrupt(scenario, by: fault)
        try await slow.undo()
        let told = members.text(of: Self.callbackRecord) ?? ""
        // Otherwise none was slow.
        result.require(
            told.split(separator: "\n").contains { $0 == "\(result.leaderAfter ?? "") on_role_change primary" },
            "the new leader's callback was not called: \(told)")
        return result
    }

    /// The leader and everything below it get next to no processor time for a while.
    func starveLeader(
        _ scenario: LocalScenario, by fault: Fault, for duration: Duration
    ) async throws -> ScenarioResult {
        var throttled = 0
        // Its fence may kill what has acknowledged rows no standby has received.
        var result = try await watched(scenario, tolerating: profile.mode == .off ? [.loss] : []) { before, _, _ in
            let start = BootClock.now()
            let earlier = before.leader.sandbox?.throttledPeriods ?? 0
            let starvation = try await self.apply(fault, to: before.leader)
            try await Task.sleep(for: duration)
            try await starvation.undo()
            throttled = (before.leader.sandbox?.throttledPeriods ?? 0) - earlier
            return start
        }
        result.figures[LocalScenario.throttled] = Int64(throttled)
        // Some of the time it may have been down; the rest it wanted more than it got.
        result.require(throttled >= 5, "the leader was held back in \(throttled) seconds only")
        return result
    }

    /// A fault of the API server that must change nothing.
    func endure(_ scenario: LocalScenario, _ fault: Fault, for duration: Duration) async throws -> ScenarioResult {
        try await watched(scenario, countingErrors: true) { before, writers, lock in
            let start = BootClock.now()
            let undo = try await self.apply(fault, to: before.leader)
            while BootClock.now() < start + duration {
                try await Task.sleep(for: min(.seconds(10), start + duration - BootClock.now()))
                let changes = await lock.sightings.count - 1
                self.progress.say(
                    "\(scenario.name): \(Figures.seconds(BootClock.now() - start)) s, \(changes) role changes; "
                        + "\(await writers.roaming.sight)")
            }
            try await undo.undo()
            return start
        }
    }

    /// Writes before, during and after, and checks every row.
    func watched(
        _ scenario: LocalScenario, countingErrors: Bool = false, tolerating: Set<ScenarioResult.Tolerance> = [],
        stormWriters: Int = 0,
        _ act: (Leadership, ChaosWriters, LockWatcher) async throws -> BootInstant
    ) async throws -> ScenarioResult {
        let before = try await healthy()
        try await synchronousStandbysAreRecorded(before)
        let lock = LockWatcher(self)
        let writers = ChaosWriters(
            self, run: "\(scenario.name) \(BootClock.now().nanoseconds)", storming: before.leader, stormWriters)
        await lock.start()
        await writers.start()
        do {
            try await rows(Self.undisturbedRows, of: writers.roaming)
            let start = try await act(before, writers, lock)
            let after = try await healthy()
            try await rows(Self.undisturbedRows, of: writers.roaming)
            let roaming = await writers.roaming.history
            let history = await writers.stop()
            let epochs = await lock.stop()
            let present = try await TableReader.ids(run: writers.run, at: target(after.leader))
            var result = ScenarioResult(
                operation: scenario.title, outage: roaming.outage(after: start)?.duration,
                verdict: HistoryVerdict(history: history, present: present, epochs: epochs),
                leaderBefore: before.leader.name, leaderAfter: after.leader.name,
                timeline: Timeline(rawValue: UInt32(clamping: after.timeline)))
            result.tolerated = tolerating
            result.figures[LocalScenario.roleChanges] = Int64(max(0, epochs.count - 1))
            result.figures[LocalScenario.lateRows] = Int64(result.verdict?.formerPrimaryCount ?? 0)
            result.figures[LocalScenario.lostRows] = Int64(result.verdict?.lost.count ?? 0)
            if countingErrors {
                result.figures[LocalScenario.errors] = Int64(
                    roaming.records.count { $0.outcome != .acknowledged && $0.decided > start })
            }
            if let taken = epochs.first(where: { $0.seen > start && $0.holder != before.leader.name }),
                let last = history.acknowledged.last(where: {
                    $0.server == before.leader.address && $0.decided < taken.seen
                })
            {
                result.figures[LocalScenario.lastBeforeLock] = (taken.seen - last.decided).milliseconds
                // A renewal is sent before it is seen: the fence fell no later than this, if it fell.
                if let renewed = await lock.renewals[taken.epoch - 1]?.seen {
                    let fence = renewed + profile.timings.fenceDelay
                    result.figures[LocalScenario.pastFence] = Int64(
                        history.acknowledged.count {
                            $0.server == before.leader.address && $0.decided > fence && $0.decided < taken.seen
                        })
                }
            }
            result.problems += TimelinePath.problems(
                try await timelinePaths(), acknowledged: result.verdict?.timelines ?? [])
            progress.say("\(scenario.name): \(result.outage?.milliseconds ?? -1) ms; \(result.remarks)")
            if !result.hasPassed {
                let folder = try RunFolder(path: "/tmp/matriarch-\(scenario.name)-\(BootClock.now().nanoseconds)")
                try folder.write(history, epochs, self)
                result.problems.append("everything is in \(folder.path)")
            }
            return result
        } catch {
            _ = await writers.stop()
            _ = await lock.stop()
            try await mend()
            throw error
        }
    }

    /// A cluster that has just become whole records its synchronous standbys one by one; until then nobody else may be elected.
    private func synchronousStandbysAreRecorded(_ leadership: Leadership) async throws {
        guard profile.mode != .off else { return }
        let wanted = profile.mode == .on ? 1 : leadership.standbys.count
        try await wait(for: "\(wanted) recorded synchronous standbys", within: .seconds(30), saying: progress) {
            () -> Sight<Void> in
            let record = SynchronousState(
                version: "", annotations: try await self.members.annotations(.synchronization))
            guard record.leader == leadership.leader.name, record.members.count == wanted else {
                return .notYet("\(record)")
            }
            return .reached(())
        }
    }

    private func rows(_ count: Int, of writer: Writer) async throws {
        let start = BootClock.now()
        try await wait(for: "\(count) acknowledged rows", within: .seconds(30), saying: progress) {
            let new = await writer.acknowledged(since: start)
            return new >= count ? .reached(()) : .notYet("\(new) rows; \(await writer.sight)")
        }
    }
}
