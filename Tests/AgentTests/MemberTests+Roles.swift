import ClusterRecords
import KubernetesModels
import PostgresClient
import PostgresConfiguration
import TestSupport
import Testing

extension MemberTests {
    private static let people = [
        DeclaredRole(name: "alice", memberships: ["readers"], password: .secret(name: "alice", key: "password")),
        DeclaredRole(name: "bob", password: .secret(name: "many", key: "bob")),
        DeclaredRole(name: "readers", attributes: RoleAttributes(mayLogIn: false)),
    ]

    private func open(_ member: MemberProcess, _ role: String, _ password: String) async throws -> PostgresConnection {
        try await member.open(database: "postgres", user: role, password: password)
    }

    private func answers(_ member: MemberProcess, _ role: String, _ password: String) async throws -> Bool {
        let connection = try await open(member, role, password)
        let user = try await connection.query("SELECT current_user", deadline: .seconds(5)).scalar
        await connection.close()
        return user == role
    }

    private func refusal(_ member: MemberProcess, _ role: String, _ password: String) async -> String? {
        await #expect(throws: PostgresError.self) { try await open(member, role, password).close() }?.sqlState
    }

    @Test func `declared roles are made by the leader, get another password at once, and are repaired`() async throws {
        var configuration = Self.configuration
        configuration["postgresql"] = [
            "parameters": ["shared_buffers": "16MB", "max_connections": 30, "log_statement": "all"]
        ]
        try await with(2, configuration: configuration) { cluster in
            try await cluster.writeSecret("alice", ["username": "alice", "password": "first-sesame"])
            try await cluster.writeSecret("many", ["bob": "bobs-sesame"])
            try await cluster.declare(DeclaredRoles(Self.people))
            for member in cluster.members { try member.start() }
            let before = try await cluster.healthy()
            let leader = before.leader
            try await eventually(within: .seconds(30), "alice gets in") {
                try await answers(leader, "alice", "first-sesame")
            }
            try await eventually(within: .seconds(20), "the leader says that all is done") {
                try await cluster.roles(of: leader.name)
                    == RolesReport(
                        revision: DeclaredRoles.revision(of: DeclaredRoles(Self.people).text), declared: 3, ready: 3)
            }
            #expect(try await answers(leader, "bob", "bobs-sesame"))
            #expect(try await cluster.roles(of: before.standbys[0].name) == nil)

            // Another password: who is in stays in, who comes needs the new one.
            let session = try await open(leader, "alice", "first-sesame")
            try await cluster.writeSecret("alice", ["username": "alice", "password": "second-sesame"])
            try await eventually(within: .seconds(20), "the new password is taken") {
                try await answers(leader, "alice", "second-sesame")
            }
            #expect(await refusal(leader, "alice", "first-sesame") == "28P01")
            #expect(try await session.query("SELECT 7", deadline: .seconds(5)).scalar == "7")
            await session.close()
            #expect(try await cluster.roles(of: leader.name)?.repair == nil)

            // A Secret of somebody else leaves the password, and says so.
            try await cluster.writeSecret("alice", ["username": "bob", "password": "third-sesame"])
            try await eventually(within: .seconds(30), "the leader says what is wrong with the Secret") {
                try await cluster.roles(of: leader.name)?.failing == [
                    .init(role: "alice", reason: "Secret alice: username must be alice")
                ]
            }
            #expect(try await answers(leader, "alice", "second-sesame"))
            // One that is another cluster's now, whatever the agent may still read.
            try await cluster.writeSecret(
                "alice", ["username": "alice", "password": "third-sesame"], consent: "another")
            try await eventually(within: .seconds(30), "the leader says that it is not its cluster's") {
                try await cluster.roles(of: leader.name)?.failing == [
                    .init(
                        role: "alice",
                        reason: "Secret alice: is not there, or its label matriarch.dev/role-passwords does not name "
                            + "this cluster")
                ]
            }
            #expect(try await answers(leader, "alice", "second-sesame"))
            try await cluster.writeSecret("alice", ["username": "alice", "password": "second-sesame"])
            try await eventually(within: .seconds(30), "nothing is wrong any more") {
                try await cluster.roles(of: leader.name)?.failing == []
            }

            // By hand.
            _ = try await leader.query("ALTER ROLE bob SUPERUSER; REVOKE readers FROM alice")
            try await eventually(within: .seconds(60), "what somebody changed is repaired, and told") {
                try await cluster.roles(of: leader.name)?.repair?.roles == [
                    "alice: not a member of readers", "bob: NOSUPERUSER",
                ]
            }

            // A member that comes to lead has read nothing yet and writes nothing it need not.
            try await before.leader.destroy()
            let after = try await cluster.healthy(of: 1)
            try await eventually(within: .seconds(30), "the new leader has compared the roles") {
                try await cluster.roles(of: after.leader.name)?.ready == 3
            }
            #expect(!after.leader.hasSaid("declared roles are carried out"))
            try await cluster.writeSecret("many", ["bob": "fourth-sesame"])
            try await eventually(within: .seconds(20), "the new leader has taken the new password") {
                try await answers(after.leader, "bob", "fourth-sesame")
            }

            for member in cluster.members {
                #expect(!member.hasSaid("-sesame") && !member.hasSaid("SCRAM-SHA-256$"))
            }
        }
    }

    @Test func `a list that the operator did not write is not carried out, and nothing is dropped that left the list`()
        async throws
    {
        try await with(1) { cluster in
            let member = cluster.members[0]
            try await cluster.declare(DeclaredRoles([DeclaredRole(name: "alice"), DeclaredRole(name: "bob")]))
            try member.start()
            try await cluster.healthy()
            func names() async throws -> String? {
                try await member.query(
                    "SELECT string_agg(rolname, ',' ORDER BY rolname) FROM pg_roles WHERE rolname ~ '^[abc]'"
                ).scalar
            }
            try await eventually(within: .seconds(30), "both are there") { try await names() == "alice,bob" }
            let carol = DeclaredRole(name: "carol", attributes: RoleAttributes(isSuperuser: true))
            try await cluster.writeRoles(DeclaredRoles([carol]).text)
            try await cluster.annotate(.configuration, [StoreKey.roles: "another"])
            try await eventually(within: .seconds(30), "the leader says that it does not use it") {
                try await cluster.roles(of: member.name)?.problem
                    == "the ConfigMap with the declared roles is not what the operator wrote"
            }
            #expect(try await names() == "alice,bob")
            try await cluster.declare(DeclaredRoles([DeclaredRole(name: "bob", isAbsent: true)]))
            try await eventually(within: .seconds(30), "bob is dropped, and alice stays") {
                try await names() == "alice"
            }
            try await eventually(within: .seconds(30), "the leader says so") {
                let report = try await cluster.roles(of: member.name)
                return report?.ready == 1 && report?.declared == 1 && report?.problem == nil
            }
        }
    }
}
