import Glibc
import KubernetesModels
import PostgresClient
import TestSupport
import Testing

/// A disk that stops answering: sessions and probes see a server that is well, and nobody can commit.
extension MemberTests {
    /// A cluster each of whose members has its data on a file system of its own.
    private func withVolumes(
        _ count: Int, _ scenario: (MemberCluster, [String: LoopVolume], Leadership) async throws -> Void
    ) async throws {
        try await with(count) { cluster in
            var volumes: [String: LoopVolume] = [:]
            defer { for volume in volumes.values { volume.remove() } }
            for member in cluster.members {
                volumes[member.name] = try LoopVolume(at: member.folder)
                // What is in memory in a Pod.
                let run = "\(cluster.folder)/\(member.name).run"
                #expect(mkdir(run, 0o777) == 0 && chmod(run, 0o777) == 0)
                try member.start(environment: ["MATRIARCH_RUNTIME_DIRECTORY": run])
            }
            let before = try await cluster.healthy()
            try await scenario(cluster, volumes, before)
            for volume in volumes.values { try? volume.thaw() }
            for member in cluster.members { try await member.destroy() }
        }
    }

    @Test(.enabled(if: LoopVolume.isPossible, "needs root and loop devices"))
    func `a leader whose volume hangs lets a standby lead, and comes back when it answers`() async throws {
        try await withVolumes(2) { cluster, volumes, before in
            let (leader, standby) = (before.leader, before.standbys[0])
            let volume = try #require(volumes[leader.name])
            try await RowWriter.prepare(on: leader)
            try await leader.query("INSERT INTO written VALUES (1)")
            let offset = leader.logEnd
            let writer = try await leader.open()
            try volume.freeze()
            let hung = Task { try await writer.query("INSERT INTO written VALUES (2)", deadline: .seconds(20)) }
            try await eventually(within: .seconds(5), "reads go on") {
                try await leader.query("SELECT count(*) FROM written").scalar == "1"
            }
            try await eventually(within: .seconds(30), "another leader", { try await cluster.lock()["leader"] }) {
                $0 == standby.name
            }
            // By its own hand, and not because the lock ran out.
            #expect(leader.hasSaid("its volume takes no writes", since: offset))
            #expect(leader.hasSaid("the volume keeps what was killed from ending", since: offset))
            try await eventually(within: .seconds(20), "the new leader takes writes") {
                _ = try await standby.query("INSERT INTO written VALUES (3)")
                return true
            }
            try await eventually(within: .seconds(20), "status says what is wrong") {
                try await cluster.status(of: leader.name).contains("its volume does not answer")
            }
            // Nobody was told that the second row is there.
            await #expect(throws: PostgresError.self) { try await hung.value }
            try volume.thaw()
            let after = try await cluster.healthy()
            #expect(after.leader.name == standby.name && after.timeline == before.timeline + 1)
            for member in cluster.members {
                #expect(
                    try await member.query("SELECT string_agg(number::text, ' ' ORDER BY number) FROM written").scalar
                        == "1 3")
            }
            #expect(!(try await cluster.status(of: leader.name).contains("its volume")))
        }
    }

    @Test(.enabled(if: LoopVolume.isPossible, "needs root and loop devices"))
    func `a standby whose volume hangs costs the leader nothing, and with nobody to lead in its place a leader waits`()
        async throws
    {
        try await withVolumes(2) { cluster, volumes, before in
            let (leader, standby) = (before.leader, before.standbys[0])
            try await RowWriter.prepare(on: leader)
            let (postmaster, epoch) = (leader.postmaster, try await cluster.lock()["epoch"])
            try volumes[standby.name]?.freeze()
            try await eventually(within: .seconds(20), "status says what is wrong") {
                try await cluster.status(of: standby.name).contains("its volume does not answer")
            }
            try await leader.query("INSERT INTO written VALUES (1)")
            let offset = leader.logEnd
            try volumes[leader.name]?.freeze()
            try await eventually(within: .seconds(20), "the leader knows") {
                leader.hasSaid("the volume takes no writes, and nobody else could lead yet", since: offset)
            }
            // Longer than any lock that is not renewed would last.
            try await Task.sleep(for: .seconds(8))
            #expect(try await leader.query("SELECT count(*) FROM written").scalar == "1")
            for volume in volumes.values { try volume.thaw() }
            try await leader.query("INSERT INTO written VALUES (2)")
            let after = try await cluster.healthy()
            #expect(after.leader.name == leader.name && after.timeline == before.timeline)
            #expect(leader.postmaster == postmaster)
            #expect(try await cluster.lock()["epoch"] == epoch)
        }
    }

    @Test(.enabled(if: LoopVolume.isPossible, "needs root and loop devices"))
    func `a switchover whose checkpoint a hanging volume holds up is broken off, and a standby leads all the same`()
        async throws
    {
        try await withVolumes(2) { cluster, volumes, before in
            let (leader, standby) = (before.leader, before.standbys[0])
            try await RowWriter.prepare(on: leader)
            let offset = leader.logEnd
            try volumes[leader.name]?.freeze()
            try await cluster.annotate(
                .failover,
                [
                    "leader": .string(leader.name), "member": .string(standby.name),
                    "matriarch.dev/request-id": "hung",
                ])
            try await eventually(within: .seconds(10), "\(leader.name) gets ready, and breaks it off") {
                leader.hasSaid("switchover failed: its volume does not answer", since: offset)
            }
            #expect(try await cluster.result(of: "hung")["outcome"] == "failed")
            try await eventually(within: .seconds(20), "another leader", { try await cluster.lock()["leader"] }) {
                $0 == standby.name
            }
            #expect(leader.hasSaid("its volume takes no writes", since: offset))
            try volumes[leader.name]?.thaw()
            let after = try await cluster.healthy()
            #expect(after.leader.name == standby.name && after.timeline == before.timeline + 1)
        }
    }
}
