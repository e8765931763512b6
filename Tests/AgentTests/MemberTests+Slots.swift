import Glibc
import KubernetesClient
import KubernetesModels
import PostgresClient
import TestSupport
import Testing

/// What WAL is kept for whom, and for how long.
extension MemberTests {
    @Test func `a member that is down keeps WAL for member_slots_ttl, and has its slot again when it is back`()
        async throws
    {
        var configuration = Self.configuration
        try await with(3, configuration: configuration) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            let (leader, down) = (before.leader, before.standbys[0])
            try await eventually("the slot is in use") { try await leader.slots().contains(down.slot) }
            // Its Pod stays, and says what it said last.
            try await down.destroy()
            try await holds(for: .seconds(4), "its slot stays") { try await leader.slots().contains(down.slot) }
            configuration["member_slots_ttl"] = 4
            try await cluster.annotate(.configuration, ["config": .string(configuration.serialized())])
            try await eventually(within: .seconds(20), "the slot goes") {
                try await !leader.slots().contains(down.slot)
            }
            try await holds(for: .seconds(6), "it is not made again") {
                try await !leader.slots().contains(down.slot)
            }
            #expect(try await leader.slots().contains(before.standbys[1].slot))
            try down.start()
            try await cluster.healthy()
            try await eventually(within: .seconds(15), "it streams over its slot") {
                try await leader.slot(down.slot, "active") == "t"
            }
        }
    }

    @Test func `a member whose copy never succeeds keeps WAL for member_slots_ttl, and no longer`() async throws {
        var configuration = Self.configuration
        configuration["member_slots_ttl"] = 4
        try await with(3, configuration: configuration) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            let (leader, replica) = (before.leader, before.standbys[0])
            replica.terminate()
            try await eventually(within: .seconds(20), "it has ended") { !replica.isRunning }
            try await eventually(within: .seconds(20), "its slot goes") {
                try await !leader.slots().contains(replica.slot)
            }
            try replica.removeData()
            // Nobody signs in to copy, and no member makes a slot: what is kept is kept by the leader.
            try await leader.query("ALTER ROLE replicator NOLOGIN")
            try replica.start()
            try await eventually(within: .seconds(20), "it says that it is copied") {
                try await cluster.memberStatus(replica)["state"] == "creating replica"
            }
            try await eventually(within: .seconds(15), "its slot is there") {
                try await leader.slots().contains(replica.slot)
            }
            try await eventually(within: .seconds(20), "its slot goes") {
                try await !leader.slots().contains(replica.slot)
            }
            try await holds(for: .seconds(6), "it is not made again, though it says so still") {
                let state = try await cluster.memberStatus(replica)["state"]
                let slots = try await leader.slots()
                return state == "creating replica" && !slots.contains(replica.slot)
            }
            try await leader.query("ALTER ROLE replicator LOGIN")
            try await cluster.healthy()
            try await eventually(within: .seconds(15), "it streams over its slot") {
                try await leader.slot(replica.slot, "active") == "t"
            }
        }
    }

    @Test func `a slot that somebody drops, or that has lost its WAL, is made anew`() async throws {
        var configuration = Self.configuration
        configuration["postgresql"] = [
            "parameters": [
                "shared_buffers": "16MB", "max_connections": 30, "max_slot_wal_keep_size": "1MB",
                "wal_keep_size": "16MB",
                "max_wal_size": "64MB", "min_wal_size": "32MB",
            ]
        ]
        try await with(3, configuration: configuration) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            let (leader, standby) = (before.leader, before.standbys[0])
            // Its walreceiver comes back at once; it is dropped between two of its tries.
            try await eventually(within: .seconds(20), "the slot is dropped") {
                do {
                    try await leader.query(
                        """
                        SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots
                        WHERE slot_name = '\(standby.slot)'
                        """)
                    try await leader.query("SELECT pg_drop_replication_slot('\(standby.slot)')")
                    return true
                } catch { return false }
            }
            try await cluster.healthy()
            try await eventually(within: .seconds(20), "it streams over its slot") {
                try await leader.slot(standby.slot, "active") == "t"
            }

            try await standby.destroy()
            let former = try await leader.slot(standby.slot, "restart_lsn")
            try await leader.query("CREATE TABLE filler (n int)")
            for _ in 0..<8 {
                try await leader.query("INSERT INTO filler SELECT generate_series(1, 1000)")
                try await leader.query("SELECT pg_switch_wal()")
            }
            try await leader.query("CHECKPOINT")
            try await eventually(within: .seconds(20), "a slot that keeps WAL takes its place") {
                let status = try await leader.slot(standby.slot, "wal_status")
                let kept = try await leader.slot(standby.slot, "restart_lsn")
                return status != nil && status != "lost" && kept != nil && kept != former
            }
        }
    }

    @Test func `the slot of a member that was removed goes at once`() async throws {
        try await with(3) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            // The one with the highest number is the one that goes.
            let gone = try #require(cluster.members.max { $0.name < $1.name })
            if gone.name == before.leader.name {
                try await cluster.annotate(
                    .failover, ["leader": .string(gone.name), "member": .string(before.standbys[0].name)])
                try await eventually(within: .seconds(20), "another leads") {
                    try await cluster.lock()["leader"] == before.standbys[0].name
                }
            }
            let leader = try await cluster.healthy().leader
            var configuration = Self.configuration
            configuration["matriarch"] = ["fence_margin": 1, "instances": 2]
            try await cluster.annotate(.configuration, ["config": .string(configuration.serialized())])
            try await gone.destroy()
            try await holds(for: .seconds(3), "its Pod is there still, and its slot") {
                try await leader.slots().contains(gone.slot)
            }
            _ = try await cluster.client.deleteRaw(Pod.resource, name: gone.name, namespace: cluster.namespace)
            try await eventually(within: .seconds(15), "the slot goes, long before member_slots_ttl") {
                try await !leader.slots().contains(gone.slot)
            }
        }
    }

    @Test func `the slot of a member that is gone is kept by a leader's next agent, and while paused`() async throws {
        var configuration = Self.configuration
        try await with(3, configuration: configuration) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            let (leader, gone) = (before.leader, before.standbys[0])
            try await gone.destroy()
            _ = try await cluster.client.deleteRaw(Pod.resource, name: gone.name, namespace: cluster.namespace)
            let holder = try await cluster.lock()["matriarch.dev/holder"]
            kill(try #require(leader.agentProcess), SIGKILL)
            try await eventually(within: .seconds(15), "another agent of \(leader.name) holds the lock") {
                let lock = try await cluster.lock()
                return lock["leader"] == leader.name && lock["matriarch.dev/holder"] != holder
            }
            try await holds(for: .seconds(4), "the slot is there") { try await leader.slots().contains(gone.slot) }

            configuration["pause"] = true
            configuration["member_slots_ttl"] = 1
            try await cluster.annotate(.configuration, ["config": .string(configuration.serialized())])
            try await eventually(within: .seconds(15), "\(leader.name) knows") {
                try await cluster.memberStatus(leader)["pause"] == true
            }
            try await holds(for: .seconds(4), "the slot is there") { try await leader.slots().contains(gone.slot) }
            configuration["pause"] = false
            try await cluster.annotate(.configuration, ["config": .string(configuration.serialized())])
            try await eventually(within: .seconds(15), "the slot goes") {
                try await !leader.slots().contains(gone.slot)
            }
        }
    }
}

extension MemberProcess {
    /// The name of its slot.
    var slot: String { name.replacing("-", with: "_") }

    /// The slots its server has.
    func slots() async throws -> Set<String> {
        Set(try await query("SELECT slot_name FROM pg_replication_slots WHERE NOT temporary").rows.compactMap { $0[0] })
    }

    /// What its server shows of a slot; nil when there is none.
    func slot(_ name: String, _ column: String) async throws -> String? {
        try await query("SELECT \(column) FROM pg_replication_slots WHERE slot_name = '\(name)'").rows.first?.first
            ?? nil
    }
}
