import KubernetesModels
import TestSupport
import Testing

/// What members cost while nothing happens.
extension MemberTests {
    /// With the timings of a cluster that nobody has tuned: a heartbeat every five seconds.
    @Test func `idle members are woken by their heartbeats and by little else, and nothing but the lock is written`()
        async throws
    {
        try await with(3, configuration: [:]) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            // What PostgreSQL writes of itself after its start, and the publishing of it, is over.
            try await holds(for: .seconds(20), "nothing is asked of them") { true }
            let clock = ContinuousClock()
            let (began, first) = (clock.now, cluster.members.map(\.agentSleeps))
            let written = try await cluster.versions()
            var renewals: Set<String> = []
            try await holds(for: .seconds(30), "the primary leads on") {
                if let version = try await cluster.version(of: .lock) { renewals.insert(version) }
                return try await cluster.lock()["leader"] == before.leader.name
            }
            let minutes = began.duration(to: clock.now) / .seconds(60)
            let now = try await cluster.versions()
            #expect(Set(written.keys) == Set(now.keys))
            #expect(now.keys.filter { now[$0] != written[$0] } == [cluster.lockKey])
            // One in loop_wait, and the one that was there.
            print("idle: \(renewals.count - 1) writes in \(Int(minutes * 60)) s")
            #expect((5...8).contains(renewals.count), "\(renewals)")
            for (member, first) in zip(cluster.members, first) {
                let sleeps = member.agentSleeps.reduce(0) { $0 + $1.value - (first[$1.key] ?? 0) }
                let perMinute = Int(Double(sleeps) / minutes)
                print("idle: \(member.name) goes to sleep \(perMinute) times a minute")
                // A heartbeat takes some twenty for the way through its threads, and a leader's as many for the renewal; beside
                // a compiler a fifth more. A timer of a second takes 120, a second look at each heartbeat as many.
                #expect(perMinute < (member.name == before.leader.name ? 560 : 380), "\(member.name): \(perMinute)")
            }
        }
    }

    @Test func `each loop says who leads, where this member is and how old the lock is; without debug, each change`()
        async throws
    {
        try await with(3) { cluster in
            try cluster.members[0].start(options: ["--log-level", "debug"])
            try await cluster.healthy(of: 1)
            try cluster.members[1].start(options: ["--log-level", "debug"])
            // It writes what an agent writes that nobody has told otherwise.
            let quiet = cluster.members[2]
            try quiet.start()
            let before = try await cluster.healthy()
            try await eventually(within: .seconds(15), "it follows") {
                quiet.verdicts().contains { $0["message"]?.stringValue?.contains("no action") == true }
            }
            let offsets = cluster.members.map(\.logEnd)
            for (member, offset) in zip(cluster.members, offsets).dropLast() {
                let isLeader = member.name == before.leader.name
                let lines = try await eventually(
                    within: .seconds(20), "\(member.name) has told ten loops", { member.verdicts(since: offset) }
                ) { $0.count >= 10 }
                for line in lines {
                    let text = line["message"]?.stringValue ?? ""
                    #expect(text.contains(isLeader ? "the leader with the lock" : "a secondary, and"), "\(text)")
                    #expect(text.contains(isLeader ? "(\(member.name))" : before.leader.name), "\(text)")
                    #expect(line["lock"] == (isLeader ? "mine" : .string("held by \(before.leader.name)")))
                    #expect(line["timeline"]?.stringValue == String(before.timeline))
                    #expect(line["epoch"]?.stringValue == "1")
                    let age = try #require(line["lock-age"]?.stringValue?.split(separator: " ").first)
                    // Older than ttl it would be nobody's.
                    #expect((0..<6).contains(try #require(Double(age))), "\(line)")
                }
            }
            #expect(quiet.verdicts(since: try #require(offsets.last)) == [])
        }
    }
}

extension MemberProcess {
    /// What its loops have decided, in the words of its log.
    fileprivate func verdicts(since offset: Int = 0) -> [JSONValue] {
        log(since: offset).filter { $0["action"] != nil && $0["lock-age"] != nil }
    }
}
