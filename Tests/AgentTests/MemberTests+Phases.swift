import KubernetesModels
import TestSupport
import Testing

/// Where the time of a failover went is told by the new leader, once it takes writes.
extension MemberTests {
    @Test func `a new leader tells where the time of the failover went, as a client that writes has seen it`()
        async throws
    {
        try await withThree { cluster, before in
            let old = before.leader
            try await RowWriter.prepare(on: old)
            let writer = RowWriter(to: cluster.members)
            await writer.start()
            try await writer.more(20) { $0 == old.name }
            let killed = ContinuousClock.now
            try await old.destroy()
            try await writer.more(20, within: .seconds(60)) { $0 != old.name }
            let after = try await cluster.healthy(of: 2)
            let leader = after.leader
            let record = try await eventually(
                within: .seconds(20), "\(leader.name) tells the phases", { try await cluster.memberStatus(leader) }
            ) { $0["takeover"] != nil }
            let told = ContinuousClock.now
            await writer.stop()

            let takeover = try #require(record["takeover"])
            #expect(takeover["timeline"]?.intValue == after.timeline)
            let phases = try ["silence", "election", "promotion", "firstWrite"].map { phase -> Duration in
                let millis = try #require(takeover["\(phase)Millis"]?.int64Value)
                return .milliseconds(millis)
            }
            #expect(phases.allSatisfy { $0 >= .zero }, "\(phases)")
            // Nobody may take a lock that could still be renewed, and the last renewal was seen when it was not older than that.
            #expect(phases[0] >= Self.ttl, "\(phases)")
            let total = phases.reduce(.zero, +)
            #expect(total <= (told - killed) + Self.ttl, "\(total)")

            let rows = await writer.acknowledged
            let first = try #require(rows.first { $0.member == leader.name })
            let last = try #require(rows.last { $0.at < first.at })
            #expect(last.member == old.name)
            // Nobody writes on a server that has not been promoted.
            #expect(total - phases[3] <= (first.at - killed) + Self.ttl, "\(phases), \(first.at - killed)")
            // A client looks for the new leader on its own, so that it may come later than the first write by what that takes.
            #expect(first.at - last.at <= total + .seconds(10), "\(phases), \(first.at - last.at)")

            let metrics = try await leader.takeoverMetrics()
            #expect(Set(metrics.keys) == ["silence", "election", "promotion", "first_write"])
            for (phase, duration) in zip(["silence", "election", "promotion", "first_write"], phases) {
                let shown = try #require(metrics[phase])
                #expect(abs(shown - Double(duration.components.seconds) - duration.fraction) < 0.002, "\(phase)")
            }
            for standby in after.standbys {
                #expect(try await standby.takeoverMetrics().isEmpty)
                #expect(try await cluster.memberStatus(standby)["takeover"] == nil)
            }

            // The switchover's new leader has taken over, too; the former one does not lead by anything any more.
            try old.start()
            let healed = try await cluster.healthy()
            let heir = try #require(healed.standbys.first)
            try await cluster.annotate(
                .failover, ["leader": .string(leader.name), "member": .string(heir.name)])
            try await eventually(
                within: .seconds(30), "\(heir.name) has taken over",
                { try await cluster.memberStatus(heir)["takeover"] }
            ) { $0?["timeline"]?.intValue == after.timeline + 1 }
            try await eventually(within: .seconds(30), "\(leader.name) says so no longer") {
                let isSilent = try await leader.takeoverMetrics().isEmpty
                return try await cluster.memberStatus(leader)["takeover"] == nil && isSilent
            }
        }
    }

    /// Of ``configuration``.
    private static let ttl = Duration.seconds(6)
}

extension Duration {
    /// What is beyond whole seconds, in seconds.
    fileprivate var fraction: Double { Double(components.attoseconds) / 1e18 }
}

extension MemberProcess {
    /// Seconds of each phase, as its metrics have them.
    fileprivate func takeoverMetrics() async throws -> [String: Double] {
        var phases: [String: Double] = [:]
        for line in try await get("/metrics").text.split(separator: "\n")
        where line.hasPrefix("matriarch_takeover_seconds{") {
            let parts = line.split(separator: "\"")
            guard let label = parts.firstIndex(where: { $0.hasSuffix("phase=") }), label + 1 < parts.count,
                let value = line.split(separator: " ").last
            else { continue }
            phases[String(parts[label + 1])] = Double(value)
        }
        return phases
    }
}
