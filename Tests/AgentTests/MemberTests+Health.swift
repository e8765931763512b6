import ClusterRecords
import Glibc
import KubernetesClient
import KubernetesModels
import PostgresClient
import TestSupport
import Testing

/// What is said in SQL, and what it must not do to the servers; and a server that is ill although it answers.
extension MemberTests {
    /// Longer than a silence may last before a server counts as dead, and than its restart would take.
    private static let longEnough = Duration.seconds(8)

    @Test func `no server is ended for a lock that somebody holds`() async throws {
        try await withThree { cluster, before in
            let postmasters = cluster.members.map(\.postmaster)
            let any = try await before.leader.open()
            _ = try await any.query("DROP ROLE IF EXISTS app; CREATE ROLE app LOGIN", deadline: .seconds(5))
            // The lock is replayed on the standbys. Whoever may log in may take it.
            _ = try await any.query(
                "SET SESSION AUTHORIZATION app; BEGIN; LOCK TABLE pg_catalog.pg_settings IN ACCESS EXCLUSIVE MODE",
                deadline: .seconds(5))
            let maintenance = try await before.leader.open()
            _ = try await maintenance.query(
                "BEGIN; LOCK TABLE pg_catalog.pg_authid IN ACCESS EXCLUSIVE MODE", deadline: .seconds(5))
            let clock = ContinuousClock()
            let end = clock.now + Self.longEnough
            while clock.now < end {
                // A session that is open goes on.
                _ = try await maintenance.query("SELECT 1", deadline: .seconds(2))
                try await Task.sleep(for: .milliseconds(100))
            }
            await any.close()
            await maintenance.close()
            let after = try await cluster.healthy()
            #expect(after.leader.name == before.leader.name && after.timeline == before.timeline)
            #expect(cluster.members.map(\.postmaster) == postmasters)
        }
    }

    @Test func `no server is ended because the database everybody connects to is gone`() async throws {
        try await with(2) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            let postmasters = cluster.members.map(\.postmaster)
            let session = try await before.leader.open(database: "template1")
            _ = try await session.query("DROP DATABASE postgres WITH (FORCE)", deadline: .seconds(10))
            await session.close()
            try await Task.sleep(for: Self.longEnough)
            #expect(cluster.members.map(\.postmaster) == postmasters)
            for member in cluster.members {
                #expect(try await cluster.status(of: member.name).contains("lets nobody in"))
            }
            // Nor does one that crashes stay away for it.
            kill(try #require(before.leader.postmaster), SIGKILL)
            try await eventually(within: .seconds(20), "the leader is back, or has a successor") {
                for member in cluster.members {
                    guard let session = try? await member.open(database: "template1") else { continue }
                    defer { Task { await session.close() } }
                    if try await session.query("SELECT pg_is_in_recovery()", deadline: .seconds(2)).scalar == "f" {
                        _ = try await session.query(
                            "CREATE DATABASE postgres TEMPLATE template0", deadline: .seconds(10))
                        return true
                    }
                }
                return false
            }
            try await cluster.healthy()
        }
    }

    @Test func `no server is ended because its agent is not let in, and status says so`() async throws {
        try await with(2) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            let postmasters = cluster.members.map(\.postmaster)
            let session = try await before.leader.open()
            _ = try await session.query("ALTER ROLE postgres NOLOGIN", deadline: .seconds(5))
            for member in cluster.members {
                try await eventually(within: .seconds(20), "\(member.name) tells") {
                    try await cluster.status(of: member.name).contains("is not permitted to log in")
                }
            }
            try await Task.sleep(for: Self.longEnough)
            #expect(cluster.members.map(\.postmaster) == postmasters)
            _ = try await session.query("ALTER ROLE postgres LOGIN", deadline: .seconds(5))
            await session.close()
            let after = try await cluster.healthy()
            #expect(after.leader.name == before.leader.name && after.timeline == before.timeline)
        }
    }

    @Test func `a library no session can load is told, and ends no server`() async throws {
        try await with(2) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            let postmasters = cluster.members.map(\.postmaster)
            // As when it was there once: the settings of the cluster are not taken with a library that is not.
            for member in cluster.members {
                let file = try #require(fopen("\(member.dataDirectory)/postgresql.auto.conf", "a"))
                fputs("session_preload_libraries = 'auto_explian'\n", file)
                fclose(file)
                kill(try #require(member.postmaster), SIGHUP)
            }
            for member in cluster.members {
                try await eventually(within: .seconds(20), "\(member.name) tells") {
                    try await cluster.status(of: member.name).contains("auto_explian")
                }
            }
            try await Task.sleep(for: Self.longEnough)
            #expect(cluster.members.map(\.postmaster) == postmasters)
            // A crash is over as soon as the server is back: the agent gets in.
            let first = try #require(before.leader.postmaster)
            kill(first, SIGKILL)
            let second = try await eventually(
                within: .seconds(20), "a server again", { before.leader.postmaster }
            ) { $0 != nil && $0 != first }
            try await Task.sleep(for: Self.longEnough)
            #expect(before.leader.postmaster == second)
            for member in cluster.members {
                truncate("\(member.dataDirectory)/postgresql.auto.conf", 0)
                kill(try #require(member.postmaster), SIGHUP)
            }
            #expect(try await cluster.healthy().leader.name == before.leader.name)
        }
    }

    @Test func `a member whose Pod loses the label it is found by puts it back`() async throws {
        try await withThree { cluster, before in
            for member in [before.leader, before.standbys[0]] {
                _ = try await cluster.client.mergePatchRaw(
                    Pod.resource, name: member.name, namespace: cluster.namespace,
                    body: ["metadata": ["labels": [Labels.cluster: .null]]])
                try await eventually(within: .seconds(15), "\(member.name) is found again") {
                    let pod = try await cluster.client.getRaw(
                        Pod.resource, name: member.name, namespace: cluster.namespace)
                    return pod.value(at: "metadata", "labels", Labels.cluster)?.stringValue == MemberCluster.name
                }
            }
            let after = try await cluster.healthy()
            #expect(after.leader.name == before.leader.name && after.timeline == before.timeline)
        }
    }

    @Test func `a primary that refuses every new session for a fault of its own has a successor`() async throws {
        try await with(2, configuration: Self.restless) { cluster in
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            let leader = before.leader
            let map = "\(leader.dataDirectory)/global/pg_filenode.map"
            #expect(rename(map, "\(map).away") == 0)
            try await eventually(within: .seconds(60), "another leader", { try await cluster.lock()["leader"] }) {
                $0 == before.standbys[0].name
            }
            #expect(rename("\(map).away", map) == 0)
            #expect(try await cluster.healthy().timeline > before.timeline)
        }
    }

    /// Who does not come up soon is succeeded soon.
    private static var restless: JSONValue {
        .object((configuration.objectValue ?? [:]).merging(["primary_start_timeout": 5]) { $1 })
    }
}
