import Fence
import KubernetesClient
import KubernetesModels
import PostgresClient
import TestSupport
import Units

extension LocalCluster {
    /// Steps a member's wall clock there and back while everybody writes.
    func stepWallClock(
        _ scenario: LocalScenario, of victim: @escaping @Sendable (Leadership) -> MemberProcess
    ) async throws -> ScenarioResult {
        // Longer than a lock lives without a renewal: whoever compared wall clocks would have acted by then.
        let pause = profile.timings.ttl + .seconds(2)
        return try await watched(scenario, countingErrors: true) { before, _, _ in
            let start = BootClock.now()
            for step in [Self.clockStep, .zero - Self.clockStep, .zero] {
                try victim(before).sandbox?.moveWallClock(by: step)
                try await self.wallClockIsSeen(to: step, by: victim(before))
                try await Task.sleep(for: pause)
            }
            return start
        }
    }

    /// Nothing is done to members that differ in when they were booted.
    func liveApart(_ scenario: LocalScenario, for duration: Duration) async throws -> ScenarioResult {
        var difference = Duration.zero
        let result = try await watched(scenario, countingErrors: true) { before, _, _ in
            let start = BootClock.now()
            difference = try self.bootTimeDifference(of: before)
            try await Task.sleep(for: duration)
            return start
        }
        return checking(result, difference)
    }

    /// The leader stands still while nobody's clocks agree with anybody's.
    func failOverWithClocksApart(_ scenario: LocalScenario) async throws -> ScenarioResult {
        let frozen = profile.timings.ttl + .seconds(10)
        var difference = Duration.zero
        let tolerated: Set<ScenarioResult.Tolerance> = profile.mode == .off ? [.loss, .lateness] : []
        let result = try await watched(scenario, tolerating: tolerated) { before, writers, lock in
            difference = try self.bootTimeDifference(of: before)
            let start = BootClock.now()
            let freeze = try await self.apply(.freeze, to: before.leader)
            for (ordinal, standby) in before.standbys.enumerated() {
                try standby.sandbox?.moveWallClock(by: ordinal % 2 == 0 ? Self.clockStep : .zero - Self.clockStep)
            }
            try await self.awaitSuccessor(of: before.leader, after: start, writers, lock)
            let rest = start + frozen - BootClock.now()
            if rest > .zero { try await Task.sleep(for: rest) }
            try await freeze.undo()
            for standby in before.standbys { try standby.sandbox?.moveWallClock(by: .zero) }
            return start
        }
        return checking(result, difference)
    }

    /// A scenario that moved no clock would show nothing.
    private func checking(_ result: ScenarioResult, _ difference: Duration) -> ScenarioResult {
        var result = result
        result.require(difference >= .seconds(100), "the members' boot times are only \(difference) apart")
        return result
    }

    private func bootTimeDifference(of leadership: Leadership) throws(LabError) -> Duration {
        var offsets: [Int64] = []
        for member in [leadership.leader] + leadership.standbys {
            guard let process = member.agentProcess,
                let line = HostFile.read("/proc/\(process)/timens_offsets")?.split(separator: "\n")
                    .first(where: { $0.hasPrefix("boottime") }),
                let seconds = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int64($0) })
            else { throw LabError("\(member.name) has no agent, or its kernel no time namespaces") }
            offsets.append(seconds)
        }
        return .seconds((offsets.max() ?? 0) - (offsets.min() ?? 0))
    }

    /// PostgreSQL tells what time it is: the step has reached the member.
    private func wallClockIsSeen(to step: Duration, by member: MemberProcess) async throws {
        let answer = try await member.query("SELECT extract(epoch FROM clock_timestamp())::bigint AS now")
        guard let seen = answer.value("now").flatMap({ Int64($0) }) else {
            throw LabError("\(member.name) does not tell the time")
        }
        let difference = Duration.seconds(seen - Timestamp.now().microsecondsSince1970 / 1_000_000) - step
        guard difference < .seconds(3), difference > .seconds(-3) else {
            throw LabError("the wall clock of \(member.name) is \(difference) from where it was moved to")
        }
    }
}
