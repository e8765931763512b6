import ClusterRecords
import Fence
import HighAvailability
import KubernetesModels
import TestSupport
import Units

/// Random faults from a seed against a local cluster under writers, for a bounded time.
public struct ChaosRun: Sendable {
    public var seed: UInt64
    /// After which no new round of faults begins.
    public var duration: Duration
    public var profile: LocalProfile
    /// To draw from; those that need an HTTP proxy decide how the agents reach the API server.
    public var faults: [Fault]
    public var members = 3
    /// How long one fault may last.
    public var longest: Duration
    /// Where everything is left when the run fails.
    public var folder: String
    public var isKept = false

    /// How long after a round all members may take to stream on one timeline.
    public static let recoveryLimit = Duration.seconds(60)

    /// - Parameter faults: nil for all; half of the seeds then leave out the one that needs plain HTTP, so that the agents
    ///   speak TLS over HTTP/2 with the API server as in a Pod.
    public init(
        seed: UInt64, duration: Duration, profile: LocalProfile = LocalProfile(), faults: [Fault]? = nil,
        folder: String? = nil
    ) {
        self.seed = seed
        self.duration = duration
        self.profile = profile
        self.faults = faults ?? Fault.allCases.filter { seed % 2 == 0 || !$0.needsHTTP }
        longest = profile.timings.ttl + .seconds(10)
        self.folder = folder ?? "/tmp/matriarch-chaos-\(seed)"
    }

    /// Runs to the end, or to the first thing that does not recover.
    ///
    /// - Throws: ``LabError`` when there is no cluster to begin with.
    public func run(progress: Progress) async throws -> ChaosReport {
        progress.say("chaos: seed \(seed), mode \(profile.mode.rawValue), \(Figures.seconds(duration)) s")
        let controlPlane = try await ControlPlane.start()
        do {
            let cluster = try await LocalCluster(
                members, on: controlPlane, profile: profile, api: faults.contains(where: \.needsHTTP) ? .http : .opaque,
                clocks: faults.contains(where: \.movesClock) ? .own(bootTimes: Self.bootTimes) : .machine,
                progress: progress)
            let report: ChaosReport
            do {
                report = try await run(on: cluster)
            } catch {
                try await cluster.stop()
                throw error
            }
            try await cluster.stop()
            try await controlPlane.stop()
            return report
        } catch {
            try await controlPlane.stop()
            throw error
        }
    }

    /// Whoever is started again finds itself on a machine that was booted at another time.
    private static let bootTimes: [Duration] = [.zero, .seconds(200), .seconds(100)]

    private func run(on cluster: LocalCluster) async throws -> ChaosReport {
        let start = BootClock.now()
        var report = ChaosReport(seed: seed, mode: profile.mode)
        let lock = LockWatcher(cluster)
        let writers = ChaosWriters(cluster, run: "chaos \(seed) \(start.nanoseconds)")
        await lock.start()
        await writers.start()
        var journal: [String] = []
        var schedule = FaultSchedule(
            seed: seed, faults: faults, members: members, longest: longest)
        do {
            while BootClock.now() < start + duration {
                report.rounds += 1
                try await round(schedule.next(), of: cluster, since: start, &report, &journal)
            }
        } catch {
            report.problems.append("\(error)")
            try await cluster.mend()
        }
        let history = await writers.stop()
        let epochs = await lock.stop()
        report.epochs = epochs.count
        report.longestGap = history.longestGap?.duration
        do {
            let found = try await inTheEnd(writers.run, of: cluster)
            report.judge(
                HistoryVerdict(history: history, present: found.rows, epochs: epochs), paths: found.paths)
        } catch {
            report.problems.append("\(error)")
        }
        report.elapsed = BootClock.now() - start
        if !report.hasPassed || isKept { try leave(report, history, epochs, journal, cluster) }
        return report
    }

    /// The rows of the leader, and every member's way here.
    ///
    /// Read again when somebody is in the midst of a change: the last round may have asked for a switchover a moment ago.
    private func inTheEnd(
        _ run: String, of cluster: LocalCluster
    ) async throws -> (rows: [Int64], paths: [TimelinePath]) {
        try await wait(for: "everybody's last word", within: Self.recoveryLimit, saying: cluster.progress) {
            let leadership = try await cluster.healthy(within: Self.recoveryLimit)
            let rows = try await TableReader.ids(run: run, at: cluster.target(leadership.leader))
            return .reached((rows, try await cluster.timelinePaths()))
        }
    }

    private func leave(
        _ report: ChaosReport, _ history: WriteHistory, _ epochs: [EpochSighting], _ journal: [String],
        _ cluster: LocalCluster
    ) throws {
        let folder = try RunFolder(path: folder)
        try folder.write(history, epochs, cluster)
        try folder.write(journal, to: "faults.log")
        try folder.write([report.json.prettyPrinted()], to: "report.json")
        try folder.write([command], to: "again.sh")
        cluster.progress.say("everything is in \(folder.path); again: \(command)")
    }

    /// Repeats the run.
    var command: String {
        let timings = ["fast": Timings.fast, "default": .standard, "tolerant": .tolerant]
        let name = timings.first { $0.value == profile.timings }?.key ?? "fast"
        return "matriarch-lab chaos --seed \(seed) --duration \(duration.milliseconds / 1000) "
            + "--mode \(profile.mode.rawValue) --profile \(name)"
            + (Set(faults) == Set(Fault.allCases.filter { seed % 2 == 0 || !$0.needsHTTP })
                ? "" : faults.map { " --fault \($0.rawValue)" }.joined())
    }

    // MARK: One round

    private func round(
        _ faults: [PlannedFault], of cluster: LocalCluster, since start: BootInstant, _ report: inout ChaosReport,
        _ journal: inout [String]
    ) async throws {
        let number = report.rounds
        func say(_ text: String, _ journal: inout [String]) {
            let line = "round \(number): \(text)"
            cluster.progress.say(line)
            journal.append("\((BootClock.now() - start).milliseconds) ms (\(BootClock.now().nanoseconds)): \(line)")
        }
        let begin = BootClock.now()
        var active: [(plan: PlannedFault, undo: FaultUndo)] = []
        var waiting = faults
        while let next = (waiting.map(\.start) + active.map(\.plan.end)).min() {
            let pause = begin + next - BootClock.now()
            if pause > .zero { try await Task.sleep(for: pause) }
            while let index = active.firstIndex(where: { $0.plan.end <= next }) {
                let ended = active.remove(at: index)
                try await ended.undo.undo()
                say("\(ended.plan.fault.rawValue) of \(ended.undo.victim) ends", &journal)
            }
            while let plan = waiting.first, plan.start <= next {
                waiting.removeFirst()
                guard !active.contains(where: { $0.plan.fault.excludes(plan.fault) }) else {
                    say("\(plan.fault.rawValue) left out beside \(active.map(\.plan.fault.rawValue))", &journal)
                    continue
                }
                let undo = try await cluster.apply(plan.fault, to: victim(of: plan, in: cluster))
                report.faults[plan.fault, default: 0] += 1
                say("\(plan.fault.rawValue) of \(undo.victim) for \(Figures.seconds(plan.duration)) s", &journal)
                if !plan.fault.isMomentary { active.append((plan, undo)) }
            }
        }
        try await cluster.mend()
        let healed = BootClock.now()
        let leadership = try await cluster.healthy(within: Self.recoveryLimit)
        report.recoveries.append(BootClock.now() - healed)
        say(
            "all is well after \(Figures.seconds(BootClock.now() - healed)) s, \(leadership.leader.name) leads on timeline "
                + "\(leadership.timeline)", &journal)
    }

    private func victim(of plan: PlannedFault, in cluster: LocalCluster) async throws -> MemberProcess {
        let other = cluster.members.members[plan.ordinal]
        guard plan.hitsLeader else { return other }
        do {
            let lock = LockRecord(version: "", annotations: try await cluster.members.lock())
            return lock.leader.flatMap(cluster.members.member) ?? other
        } catch {
            return other  // Without the API server nobody can say who leads.
        }
    }
}

extension Fault {
    /// Whether the other cannot begin while this one lasts.
    fileprivate func excludes(_ other: Fault) -> Bool {
        self == other || (concernsWholeAPI && other.concernsWholeAPI)
            || (movesClock && other.movesClock)
            || ([.stoppedAPI, .frozenAPI].contains(self) && [.configuration, .switchover].contains(other))
    }
}
