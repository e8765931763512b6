import KubernetesModels
import TestSupport
import Testing

/// What members cost while nothing happens.
extension MemberTests {
    /// With the timings of a cluster that nobody has tuned: a heartbeat every five seconds.
    @Test func `idle members are woken by their heartbeats and by little else`() async throws {
        try await with(3, configuration: [:]) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            // What PostgreSQL writes of itself after its start, and the publishing of it, is over.
            try await holds(for: .seconds(20), "nothing is asked of them") { true }
            let clock = ContinuousClock()
            let (began, first) = (clock.now, cluster.members.map(\.agentSleeps))
            try await holds(for: .seconds(30), "the primary leads on") {
                try await cluster.lock()["leader"] == before.leader.name
            }
            let minutes = began.duration(to: clock.now) / .seconds(60)
            for (member, first) in zip(cluster.members, first) {
                let sleeps = member.agentSleeps.reduce(0) { $0 + $1.value - (first[$1.key] ?? 0) }
                let perMinute = Int(Double(sleeps) / minutes)
                print("idle: \(member.name) goes to sleep \(perMinute) times a minute")
                // A heartbeat takes some twenty for the way through its threads, and a leader's as many for the renewal. A timer
                // of a second takes 120, a second look at each heartbeat as many.
                #expect(perMinute < (member.name == before.leader.name ? 560 : 340), "\(member.name): \(perMinute)")
            }
        }
    }
}
