import Fence
import Units

/// Something done to a cluster while an application writes to it.
struct Interruption {
    /// How long the interruption of service may last before it is given up; generous, bars are for measurements.
    var limit: Duration = .seconds(60)
    /// How long until all members stream again.
    var recoveryLimit: Duration = .seconds(180)
    /// How many members there are, before and after.
    var instances = 3
    /// Does it. Returns the instant from which an acknowledged commit proves that service is back.
    var act: (HealthyCluster) async throws -> BootInstant
    /// Whether service is back; more than the acknowledged commit may be asked for.
    var isBack: (_ before: HealthyCluster, _ latest: WriteRecord) async throws -> Bool
    /// What the history may show after it: these clusters replicate asynchronously.
    var tolerated: Set<ScenarioResult.Tolerance> = []
    /// Undoes the fault, once service is back or it was given up.
    var heal: () async throws -> Void = {}

    /// For faults after which another member leads.
    static func leaderChanged(_ before: HealthyCluster, _ latest: WriteRecord) -> Bool {
        latest.timeline.map { $0 > before.timeline } ?? false
    }
}

/// What an interruption showed.
struct InterruptionOutcome {
    let before: HealthyCluster
    let after: HealthyCluster
    let history: WriteHistory
    var result: ScenarioResult
}

/// How many rows are written before the interruption: for two seconds. What the run before has changed in endpoints, a member
/// that became ready at last, is carried out by then.
private let rowsBefore = 100
/// How many rows are written after it.
private let rowsAfter = 25

extension MeasuredCluster {
    /// Writes through the Service, interrupts, waits until all is well again and checks every row.
    func measure(_ title: String, _ interruption: Interruption) async throws -> InterruptionOutcome {
        let before = try await waitUntilHealthy(instances: interruption.instances, within: .seconds(120))
        let target = try await target()
        try await Writer.prepareTable(at: target)
        let writer = Writer(target: target, run: "\(title) \(BootClock.now().nanoseconds)")
        await writer.start()
        do {
            let (start, after) = try await interrupt(interruption, before: before, writer: writer)
            let history = await writer.stop()
            let present = try await TableReader.ids(run: writer.run, at: target)
            var result = ScenarioResult(
                operation: title, outage: history.outage(after: start)?.duration,
                verdict: HistoryVerdict(history: history, present: present), leaderBefore: before.leader.name,
                leaderAfter: after.leader.name, timeline: after.timeline)
            result.require(result.outage != nil, "no commit was acknowledged afterwards")
            result.tolerated = interruption.tolerated
            if let verdict = result.verdict, !verdict.isSound(tolerating: interruption.tolerated) {
                result.problems.append(verdict.description)
            }
            lab.progress.say(
                "\(title): \(result.outage?.milliseconds ?? -1) ms, \(before.leader.name) → \(after.leader.name), "
                    + "timeline \(after.timeline), \(result.verdict?.description ?? "")")
            return InterruptionOutcome(before: before, after: after, history: history, result: result)
        } catch {
            _ = await writer.stop()
            throw error
        }
    }

    private func interrupt(
        _ interruption: Interruption, before: HealthyCluster, writer: Writer
    ) async throws -> (start: BootInstant, after: HealthyCluster) {
        try await rows(rowsBefore, of: writer, after: BootClock.now())
        let start = BootClock.now()
        do {
            let proof = try await interruption.act(before)
            try await wait(
                for: "writes after the interruption", within: interruption.limit, every: .milliseconds(20),
                saying: lab.progress
            ) { () -> Sight<Void> in
                guard let latest = await writer.latest, latest.invoked > proof,
                    try await interruption.isBack(before, latest)
                else { return .notYet(await writer.sight) }
                return .reached(())
            }
        } catch {
            // The fault goes in any case; what it did is the error worth reporting.
            do { try await interruption.heal() } catch { lab.progress.say("healing failed: \(error)") }
            throw error
        }
        try await interruption.heal()
        let after = try await waitUntilHealthy(instances: interruption.instances, within: interruption.recoveryLimit)
        try await rows(rowsAfter, of: writer, after: BootClock.now())
        return (start, after)
    }

    private func rows(_ count: Int, of writer: Writer, after instant: BootInstant) async throws {
        try await wait(for: "\(count) acknowledged rows", within: .seconds(30), saying: lab.progress) {
            let new = await writer.acknowledged(since: instant)
            return new >= count ? .reached(()) : .notYet("\(new) rows; \(await writer.sight)")
        }
    }
}
