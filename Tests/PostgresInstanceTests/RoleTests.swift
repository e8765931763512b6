import Fence
import Glibc
import PostgresClient
import PostgresConfiguration
import ServerControl
import Synchronization
import TestSupport
import Testing
import Units

@testable import PostgresInstance

extension PostgresInstance {
    /// As another agent, or another life of this one, begins.
    fileprivate func forgetVerifiers() { knownVerifiers = [:] }
    fileprivate var rolesWithKnownPassword: [String] { knownVerifiers.keys.sorted() }
}

/// Said once, and seen by whoever looks. A task that is cancelled would have its session end with an error.
private final class Flag: Sendable {
    private let state = Mutex(false)

    var isSet: Bool { state.withLock { $0 } }

    func set() { state.withLock { $0 = true } }
}

/// An office that ends after it was asked for a few times.
private final class Office: Sendable {
    private let left: Mutex<Int>

    init(questions: Int) { left = Mutex(questions) }

    func goesOn() -> Bool {
        left.withLock { left in
            left -= 1
            return left >= 0
        }
    }
}

/// Declared roles on a real server.
@Suite(.serialized)
struct DeclaredRoleTests {
    private func wish(
        _ name: String, _ password: RoleWish.Password = .kept, _ change: (inout DeclaredRole) -> Void = { _ in }
    ) -> RoleWish {
        var role = DeclaredRole(name: name)
        change(&role)
        return RoleWish(role, password: password)
    }

    private func known(_ password: String) -> RoleWish.Password { .known(RolePasswordText(password)) }

    @discardableResult
    private func keep(
        _ server: TestServer, _ wishes: RoleWish..., while mayGoOn: @Sendable () -> Bool = { true }
    ) async throws -> [String: RoleOutcome] {
        try await server.instance.keepRoles(wishes, resting: [], while: mayGoOn, deadline: .seconds(5))
    }

    /// As a client does, over the network.
    private func logIn(_ server: TestServer, _ world: World, _ role: String, _ password: String) async throws -> Bool {
        var parameters = ConnectionParameters(
            address: .host("127.0.0.1"), port: server.port, user: role, database: "postgres", applicationName: "client")
        parameters.password = ConnectionParameters.Password(password)
        do {
            let connection = try await PostgresConnection.open(parameters, deadline: .seconds(5))
            let user = try await connection.query("SELECT current_user", deadline: .seconds(5)).scalar
            await connection.close()
            return user == role
        } catch {
            guard ["28P01", "28000"].contains(error.sqlState) else { throw error }
            return false
        }
    }

    /// Another text after each write of a role, a membership or a comment, also one that changes nothing.
    private func versions(_ server: TestServer) async throws -> String? {
        try await server.run(
            """
            SELECT string_agg(version, ',' ORDER BY version) FROM (
                SELECT xmin::text || ctid::text AS version FROM pg_authid
                UNION ALL SELECT xmin::text || ctid::text FROM pg_auth_members
                UNION ALL SELECT xmin::text || ctid::text FROM pg_shdescription) versions
            """
        ).scalar
    }

    private static let attributes: [(String, @Sendable (inout DeclaredRole) -> Void)] = [
        ("NOT rolcanlogin", { $0.attributes.mayLogIn = false }),
        ("rolsuper", { $0.attributes.isSuperuser = true }),
        ("rolcreatedb", { $0.attributes.mayCreateDatabases = true }),
        ("rolcreaterole", { $0.attributes.mayCreateRoles = true }),
        ("NOT rolinherit", { $0.attributes.inherits = false }),
        ("rolreplication", { $0.attributes.mayReplicate = true }),
        ("rolbypassrls", { $0.attributes.bypassesRowSecurity = true }),
        ("rolconnlimit = 7", { $0.connectionLimit = 7 }),
        ("rolvaliduntil = '2031-02-03 04:05:06+00'", { $0.validUntil = "2031-02-03T04:05:06Z" }),
        ("shobj_description(oid, 'pg_authid') = 'it''s \\ mine'", { $0.comment = "it's \\ mine" }),
        ("pg_has_role(oid, 'pg_monitor', 'MEMBER')", { $0.memberships = ["pg_monitor"] }),
    ]

    @Test func `each attribute is made, found again, taken back and repaired, and nothing is written in between`()
        async throws
    {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            for (index, (condition, change)) in Self.attributes.enumerated() {
                let name = "role-\(index)"
                func holds() async throws -> String? {
                    try await server.run("SELECT \(condition) FROM pg_authid WHERE rolname = '\(name)'").scalar
                }
                // As a role that has it from the beginning, and as one that gets it.
                #expect(try await keep(server, wish(name, .kept, change))[name] == RoleOutcome(mended: ["missing"]))
                #expect(try await holds() == "t", "\(condition)")
                let before = try await versions(server)
                #expect(try await keep(server, wish(name, .kept, change))[name] == RoleOutcome(), "\(condition)")
                #expect(try await versions(server) == before, "\(condition)")

                var plain = wish(name)
                // A comment and memberships that are not declared are nobody's business.
                plain.role.comment = ""
                plain.role.memberships = []
                #expect(try await keep(server, plain)[name]?.mended.isEmpty == false, "\(condition)")
                #expect(try await holds() != "t", "\(condition)")
                #expect(try await keep(server, wish(name, .kept, change))[name]?.mended.count == 1, "\(condition)")
                #expect(try await holds() == "t", "\(condition)")
            }
        }
    }

    @Test func `a password is the Secret's, another one replaces it, and the same one writes nothing, whoever asks`()
        async throws
    {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            for password in ["first sesame", "it's \\ two", "dritte-Lösung \u{1F418}"] {
                #expect(try await keep(server, wish("alice", known(password)))["alice"]?.failure == nil)
                #expect(try await logIn(server, world, "alice", password))
                let before = try await versions(server)
                #expect(try await keep(server, wish("alice", known(password)))["alice"] == RoleOutcome())
                // What this agent remembers is no condition: the next leader has seen nothing.
                await server.instance.forgetVerifiers()
                #expect(try await keep(server, wish("alice", known(password)))["alice"] == RoleOutcome())
                #expect(try await versions(server) == before)
            }
            #expect(try await !logIn(server, world, "alice", "first sesame"))

            // Somebody else's password, an old kind of it, and none.
            for other in ["'by hand'", "'md51a1dc91c907325c69271ddf0c944bc72'", "NULL"] {
                try await server.run("ALTER ROLE alice PASSWORD \(other)")
                #expect(
                    try await keep(server, wish("alice", known("fourth")))["alice"] == RoleOutcome(mended: ["password"])
                )
                #expect(try await logIn(server, world, "alice", "fourth"))
            }
            // A Secret nobody can use leaves it.
            let refused = try await keep(server, wish("alice", .unusable(reason: "Secret x: password is empty")))
            #expect(refused["alice"] == RoleOutcome(failure: "Secret x: password is empty"))
            #expect(try await logIn(server, world, "alice", "fourth"))
            #expect(try await keep(server, wish("alice"))["alice"] == RoleOutcome())
            #expect(try await logIn(server, world, "alice", "fourth"))
            #expect(try await keep(server, wish("alice", .removed))["alice"] == RoleOutcome(mended: ["password"]))
            #expect(try await !logIn(server, world, "alice", "fourth"))
        }
    }

    @Test func `a verifier of more rounds than are worth a try is replaced`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
            // PostgreSQL itself goes through them, to tell whether the password is empty.
            try await server.run(
                "CREATE ROLE alice LOGIN PASSWORD 'SCRAM-SHA-256$100001:AAAAAAAAAAAAAAAAAAAAAA==$\(key):\(key)'")
            #expect(try await keep(server, wish("alice", known("x")))["alice"] == RoleOutcome(mended: ["password"]))
            #expect(try await logIn(server, world, "alice", "x"))
        }
    }

    /// A server that says all it can of what is run in it, in its log and in pg_stat_statements.
    private func talkativeServer(_ world: World) async throws -> TestServer {
        let server = try world.server("demo-0")
        try await server.instance.initialize()
        let settings = try PostgresSettings(
            clusterName: "demo",
            parameters: ["shared_buffers": "16MB", "shared_preload_libraries": "pg_stat_statements"])
        _ = try await server.instance.start(settings, as: .primary)
        let acceptance = try await server.instance.waitUntilAccepting(deadline: .seconds(30))
        try #require(acceptance == .acceptingConnections)
        try await server.instance.createRoles()
        try await server.run("CREATE EXTENSION pg_stat_statements")
        for setting in [
            "log_statement = 'all'", "log_min_duration_statement = 0", "log_duration = on",
            "log_min_error_statement = 'debug5'", "log_transaction_sample_rate = 1", "log_parser_stats = on",
            "debug_print_parse = on", "debug_print_rewritten = on", "debug_print_plan = on",
            "pg_stat_statements.track = 'all'", "pg_stat_statements.track_utility = on",
        ] { try await server.run("ALTER ROLE postgres SET \(setting)") }
        return server
    }

    private func holdsSecret(_ text: String?) -> Bool {
        text.map { $0.contains("SCRAM-SHA-256$") || $0.contains("-sesame") } ?? false
    }

    @Test func `neither a password nor a verifier is in the log or in what sessions show, whatever the server logs`()
        async throws
    {
        try await TestServer.withWorld { world in
            let server = try await talkativeServer(world)
            // What others run is there to be seen: in the log as text and as a tree, and in the statistics.
            try await server.run("CREATE ROLE shown_by_others PASSWORD 'SCRAM-SHA-256-of-others'")
            // A session of the agent's must not show its statement while it waits.
            let blocker = try await server.open()
            try await server.run("CREATE ROLE alice")
            _ = try await blocker.query("BEGIN; ALTER ROLE alice PASSWORD NULL", deadline: .seconds(5))
            // It waits for half a second; on a busy machine nobody may have looked in that time.
            var sawItWait = false
            // Its own questions would make the log longer than anybody reads.
            let window = try await server.open()
            for setting in ["log_statement = 'none'", "log_min_duration_statement = -1", "log_parser_stats = off"]
                + ["parse", "rewritten", "plan"].map({ "debug_print_\($0) = off" })
            { _ = try await window.query("SET \(setting)", deadline: .seconds(5)) }
            for _ in 0..<10 where !sawItWait {
                async let outcome = keep(server, wish("alice", known("secret-sesame")))
                let isOver = Flag()
                let watcher = Task {
                    var sawIt = false
                    while !isOver.isSet {
                        let shown = try await window.query(
                            "SELECT query, wait_event_type FROM pg_stat_activity WHERE application_name = 'matriarch roles'",
                            deadline: .seconds(20))
                        for row in shown.rows {
                            #expect(!holdsSecret(row[0]))
                            sawIt = sawIt || row[1] == "Lock"
                        }
                    }
                    return sawIt
                }
                let failed = try await outcome
                isOver.set()
                sawItWait = try await watcher.value
                #expect(failed["alice"]?.failure?.contains("lock timeout") == true, "\(failed)")
                #expect(failed["alice"]?.mayPass == true)
            }
            #expect(sawItWait)
            await window.close()
            _ = try await blocker.query("ROLLBACK", deadline: .seconds(5))
            await blocker.close()

            #expect(try await keep(server, wish("alice", known("secret-sesame")))["alice"]?.failure == nil)
            #expect(try await keep(server, wish("bob", known("secret-sesame")))["bob"]?.failure == nil)
            // One that PostgreSQL refuses, with a verifier in its statement.
            let refused = try await keep(
                server, wish("carol", known("secret-sesame")) { $0.validUntil = "no time" })
            #expect(refused["carol"]?.failure?.contains("invalid input syntax") == true)
            #expect(refused["carol"]?.failure?.contains("SCRAM") == false && refused["carol"]?.mayPass == false)
            #expect(try await logIn(server, world, "alice", "secret-sesame"))

            let log = try FileSystem.read("\(server.root)/server.log")
            #expect(log.contains("shown_by_others") && log.contains("LOG:  parse tree:"))
            #expect(!holdsSecret(log))
            let statements = try await server.run("SELECT query FROM pg_stat_statements").rows.map { $0[0] }
            #expect(statements.contains { $0?.contains("shown_by_others") == true })
            #expect(!statements.contains { holdsSecret($0) })
        }
    }

    @Test func `nothing waits for standbys that are away`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            try await server.allowAlterSystem()
            try await server.run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
            try await server.run("SELECT pg_reload_conf()")
            var number = 0
            try await eventually(within: .seconds(30), "commits wait") {
                let client = try await server.open()
                number += 1
                do throws(PostgresError) {
                    _ = try await client.query("CREATE TABLE t\(number) (n int)", deadline: .seconds(1))
                    await client.close()
                    return false
                } catch {
                    return error.code == .timeout
                }
            }
            let start = BootClock.now()
            let outcome = try await server.instance.keepRoles(
                [wish("alice", known("x"))], resting: [], while: { true }, deadline: .seconds(60))
            #expect(outcome["alice"] == RoleOutcome(mended: ["missing"]))
            #expect(BootClock.now() - start < .seconds(50))
        }
    }

    @Test func `what was made is on the disk when that is said, and each role did not wait for the disk`() async throws
    {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            try await server.allowAlterSystem()
            // Nobody but a commit that waits writes the log meanwhile.
            try await server.run("ALTER SYSTEM SET wal_writer_delay = '10s'")
            try await server.run("SELECT pg_reload_conf()")
            func flushes() async throws -> Int {
                try await server.run("SELECT pg_stat_force_next_flush()")
                let version = try await server.run("SHOW server_version_num").scalar.flatMap { Int($0) } ?? 0
                let count = try await server.run(
                    version < 180_000
                        ? "SELECT wal_sync FROM pg_stat_wal"
                        : "SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal' AND backend_type = 'client backend'"
                ).scalar
                return count.flatMap { Int($0) } ?? 0
            }
            let before = try await flushes()
            let wishes = (0..<100).map { number in
                wish("role-\(number)") {
                    $0.comment = "number \(number)"
                    $0.memberships = ["pg_monitor"]
                }
            }
            let outcomes = try await server.instance.keepRoles(
                wishes, resting: [], while: { true }, deadline: .seconds(60))
            #expect(outcomes.values.allSatisfy { $0 == RoleOutcome(mended: ["missing"]) })
            // What its memory had is lost with it.
            let after = try await flushes()
            #expect(before > 0 && after > before && after < before + 50, "\(before) … \(after)")
            try await keep(server, wish("last"))
            try await server.instance.stop(.immediate)
            try await server.startAndWait(as: .primary)
            #expect(
                try await server.run(
                    "SELECT count(*) FROM pg_roles WHERE rolname ~ '^role-' OR rolname = 'last'"
                ).scalar == "101")
        }
    }

    @Test func `a server that is a standby by now refuses no role, but the whole`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            try await keep(server, wish("alice"))
            try await server.instance.stop(.fast)
            _ = try await server.instance.start(server.settings, as: .standby(upstream: nil))
            try await eventually(within: .seconds(30), "it accepts connections") {
                try await server.run("SELECT pg_is_in_recovery()").scalar == "t"
            }
            let error = await #expect(throws: BrokenRolePass.self) {
                try await keep(server, wish("alice") { $0.connectionLimit = 3 })
            }
            #expect(error?.mended.isEmpty == true && error?.description.contains("read-only") == true)
        }
    }

    @Test func `a session that is lost says what was done by then`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            try await server.run("CREATE ROLE alice SUPERUSER; CREATE ROLE bob SUPERUSER")
            let (isAsked, isLost) = (Flag(), Flag())
            let office = Office(questions: 1)
            let end = BootClock.now() + .seconds(30)
            async let killed: Void = {
                while !isAsked.isSet, BootClock.now() < end { try await Task.sleep(for: .milliseconds(5)) }
                try await server.run(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'matriarch roles'"
                )
                isLost.set()
            }()
            let error = await #expect(throws: BrokenRolePass.self) {
                try await keep(
                    server, wish("alice"), wish("bob"),
                    while: {
                        // Before bob, in a pause that is not the server's.
                        guard !office.goesOn() else { return true }
                        isAsked.set()
                        while !isLost.isSet, BootClock.now() < end { usleep(1000) }
                        return true
                    })
            }
            try await killed
            #expect(error?.mended.keys.sorted() == ["alice"])
            #expect(error?.mended["alice"]?.mended == ["LOGIN", "NOSUPERUSER"])
        }
    }

    @Test func `what is set for the superuser takes none of his rights from the agent`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            try await server.run("CREATE ROLE nobody; ALTER ROLE postgres SET role = 'nobody'")
            #expect(try await keep(server, wish("alice", known("x")))["alice"] == RoleOutcome(mended: ["missing"]))
        }
    }

    @Test func `names that are the same letters in other bytes are other roles`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
            try await server.run("CREATE ROLE \"\(composed)\"; CREATE ROLE \"\(decomposed)\"")
            func member(of role: String) async throws -> String? {
                try await keep(
                    server,
                    wish("alice") {
                        $0.comment = role
                        $0.memberships = [role]
                    })
                return try await server.run(
                    """
                    SELECT string_agg(encode(convert_to(r.rolname, 'UTF8'), 'hex'), ',') || ' '
                        || encode(convert_to(shobj_description(m.member, 'pg_authid'), 'UTF8'), 'hex')
                    FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid
                    WHERE m.member = 'alice'::regrole GROUP BY m.member
                    """
                ).scalar
            }
            #expect(try await member(of: composed) == "636166c3a9 636166c3a9")
            #expect(try await member(of: decomposed) == "63616665cc81 63616665cc81")
        }
    }

    @Test func `a password is forgotten when nobody is to have it any more, and when another member leads`()
        async throws
    {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            func known() async -> [String] { await server.instance.rolesWithKnownPassword }
            try await keep(server, wish("alice", self.known("a")), wish("bob", self.known("b")))
            #expect(await known() == ["alice", "bob"])
            try await keep(server, wish("alice", self.known("a")), wish("bob"))
            #expect(await known() == ["alice"])
            // What rests is not forgotten, and without any wish nothing is asked.
            _ = try await server.instance.keepRoles(
                [], resting: [wish("alice", self.known("a"))], while: { true }, deadline: .seconds(5))
            #expect(await known() == ["alice"])
            // Also when there is no session to do anything in.
            try await server.instance.stop(.fast)
            await #expect(throws: (any Error).self) { try await keep(server, wish("alice", self.known("c"))) }
            #expect(await known() == [])
            #expect(
                try await server.instance.keepRoles([], resting: [], while: { true }, deadline: .seconds(5)).isEmpty)

            try await server.startAndWait(as: .primary)
            try await keep(server, wish("alice", self.known("c")))
            #expect(await known() == ["alice"])
            try await server.instance.stop(.fast)
            _ = try await server.instance.start(server.settings, as: .standby(upstream: nil))
            #expect(await known() == [])
        }
    }

    @Test func `a role that owns something is not dropped, in PostgreSQL's words, and one that owns nothing is`()
        async throws
    {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            try await server.run(
                "CREATE ROLE owner; CREATE ROLE idle; CREATE TABLE t (n int); ALTER TABLE t OWNER TO owner")
            let outcomes = try await keep(
                server, wish("owner") { $0.isAbsent = true }, wish("idle") { $0.isAbsent = true },
                wish("never") { $0.isAbsent = true })
            #expect(
                outcomes["owner"]?.failure
                    == "role \"owner\" cannot be dropped because some objects depend on it")
            #expect(outcomes["idle"] == RoleOutcome(mended: ["exists"]))
            #expect(outcomes["never"] == RoleOutcome())
            #expect(
                try await server.run(
                    "SELECT string_agg(rolname, ',') FROM pg_roles WHERE rolname IN ('owner', 'idle')"
                ).scalar == "owner")
            #expect(
                try await server.run("SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 't'").scalar
                    == "owner")
        }
    }

    @Test func `roles of the agents are left alone, and one that fails keeps no other from being made`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            let before = try await server.run(
                "SELECT * FROM pg_authid WHERE rolname IN ('postgres', 'replicator', 'rewinder') ORDER BY 1")
            let outcomes = try await keep(
                server, wish("postgres", .removed), wish("replicator") { $0.isAbsent = true }, wish("rewinder"),
                wish("member") { $0.memberships = ["group"] }, wish("orphan") { $0.memberships = ["nobody-there"] },
                wish("pg_mine"), wish("group") { $0.attributes.mayLogIn = false })
            for name in ["postgres", "replicator", "rewinder"] {
                #expect(outcomes[name]?.failure == "is a role the agents need; it stays as it is")
            }
            #expect(
                try await server.run(
                    "SELECT * FROM pg_authid WHERE rolname IN ('postgres', 'replicator', 'rewinder') ORDER BY 1"
                ).rows
                    == before.rows)
            #expect(outcomes["member"]?.failure == nil && outcomes["group"]?.failure == nil)
            #expect(outcomes["orphan"]?.failure == "role \"nobody-there\" does not exist")
            #expect(outcomes["pg_mine"]?.failure == "role name \"pg_mine\" is reserved")
            #expect(
                try await server.run(
                    "SELECT pg_has_role('member', 'group', 'MEMBER'), count(*) FROM pg_roles WHERE rolname = 'orphan'"
                )
                .rows == [["t", "1"]])
            // The next time it is the membership alone that fails.
            #expect(
                try await keep(server, wish("orphan") { $0.memberships = ["nobody-there"] })["orphan"]?.failure
                    == "role \"nobody-there\" does not exist")
        }
    }

    private func memberships(_ server: TestServer, of role: String) async throws -> String? {
        try await server.run(
            """
            SELECT string_agg(r.rolname, ',' ORDER BY r.rolname) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid
            WHERE m.member = '\(role)'::regrole
            """
        ).scalar
    }

    @Test func `a membership somebody else has given is taken back in his name`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            try await server.run("CREATE ROLE readers; CREATE ROLE boss; CREATE ROLE alice LOGIN; CREATE ROLE writers")
            try await server.run("GRANT readers TO boss WITH ADMIN OPTION; GRANT readers TO alice")
            try await server.run("SET ROLE boss; GRANT readers TO alice")
            #expect(try await keep(server, wish("alice"))["alice"] == RoleOutcome())
            let outcome = try await keep(server, wish("alice") { $0.memberships = ["writers"] })["alice"]
            #expect(outcome?.failure == nil && outcome?.mended.contains("a member of readers") == true)
            #expect(try await memberships(server, of: "alice") == "writers")
            #expect(try await keep(server, wish("alice") { $0.memberships = ["writers"] })["alice"] == RoleOutcome())
        }
    }

    @Test func `whoever made roles goes on altering them, and those he made members stay`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            func asAlice(_ sql: String) async throws { try await server.run("SET ROLE alice; \(sql)") }
            func alice(_ memberships: [String]) -> RoleWish {
                wish("alice") {
                    $0.attributes.mayCreateRoles = true
                    $0.memberships = memberships
                }
            }
            try await keep(server, alice([]))
            try await asAlice("CREATE ROLE tenant; CREATE ROLE guest")
            try await asAlice("GRANT tenant TO guest")
            let before = try await versions(server)
            #expect(try await keep(server, alice([]))["alice"] == RoleOutcome())
            #expect(try await versions(server) == before)
            try await asAlice("ALTER ROLE tenant CONNECTION LIMIT 3")

            // A member of it as well, and no longer.
            #expect(try await keep(server, alice(["tenant"]))["alice"]?.mended == ["not a member of tenant"])
            #expect(try await keep(server, alice(["tenant"]))["alice"] == RoleOutcome())
            #expect(try await server.run("SELECT pg_has_role('alice', 'tenant', 'USAGE')").scalar == "t")
            #expect(try await keep(server, alice([]))["alice"]?.mended == ["a member of tenant"])
            #expect(try await keep(server, alice([]))["alice"] == RoleOutcome())
            #expect(try await server.run("SELECT pg_has_role('alice', 'tenant', 'USAGE')").scalar == "f")
            try await asAlice("ALTER ROLE tenant CONNECTION LIMIT 4")
            #expect(try await memberships(server, of: "guest") == "tenant")
        }
    }

    @Test func `a role inherits from those it is a member of what it is declared to, whoever made it one`() async throws
    {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            try await server.run("CREATE ROLE readers; CREATE ROLE boss; CREATE ROLE alice LOGIN")
            try await server.run("GRANT readers TO boss WITH ADMIN OPTION; GRANT readers TO alice")
            try await server.run("SET ROLE boss; GRANT readers TO alice")
            for inherits in [true, false, true, false] {
                func declared() -> RoleWish {
                    wish("alice") {
                        $0.attributes.inherits = inherits
                        $0.memberships = ["readers"]
                    }
                }
                #expect(try await keep(server, declared())["alice"]?.failure == nil)
                #expect(try await keep(server, declared())["alice"] == RoleOutcome())
                #expect(
                    try await server.run(
                        "SELECT pg_has_role('alice', 'readers', 'USAGE'), pg_has_role('alice', 'readers', 'MEMBER')"
                    ).rows == [[inherits ? "t" : "f", "t"]])
            }
        }
    }

    @Test func `a password that has ended for ever holds for ever again where no end is declared`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            try await keep(server, wish("alice", known("x")))
            try await server.run("ALTER ROLE alice VALID UNTIL '-infinity'")
            #expect(try await !logIn(server, world, "alice", "x"))
            #expect(try await keep(server, wish("alice", known("x")))["alice"] == RoleOutcome(mended: ["valid until"]))
            #expect(try await logIn(server, world, "alice", "x"))
            #expect(try await keep(server, wish("alice", known("x")))["alice"] == RoleOutcome())
        }
    }

    @Test func `whoever leads no more writes nothing more`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            let before = try await versions(server)
            #expect(try await keep(server, wish("alice"), wish("bob"), while: { false }).isEmpty)
            #expect(try await versions(server) == before)
            #expect(
                try await server.run("SELECT count(*) FROM pg_roles WHERE rolname IN ('alice', 'bob')").scalar == "0")

            // The office ends in the middle: after the roles are made, and before they are members of others or dropped.
            try await server.run("CREATE ROLE former")
            let office = Office(questions: 3)
            let outcomes = try await keep(
                server, wish("alice") { $0.memberships = ["bob"] }, wish("bob"), wish("former") { $0.isAbsent = true },
                while: { office.goesOn() })
            #expect(outcomes == ["bob": RoleOutcome(mended: ["missing"])])
            #expect(try await memberships(server, of: "alice") == nil)
            #expect(try await server.run("SELECT count(*) FROM pg_roles WHERE rolname = 'former'").scalar == "1")
        }
    }

    /// The bar is a minute, which takes a processor of its own; the bound here is for one that does other things beside, and
    /// for a program that is not optimized. A password costs more than all else of a role, so one in five has one here.
    @Test func `a thousand roles are made in one go, and a look that finds nothing writes nothing`()
        async throws
    {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try await server.bootstrap()
            var wishes = [wish("group") { $0.attributes.mayLogIn = false }]
            for number in 1..<1000 {
                wishes.append(
                    wish("role-\(number)", number % 5 == 4 ? known("password \(number)") : .kept) {
                        $0.connectionLimit = 5
                        $0.comment = "number \(number)"
                        $0.memberships = ["group"]
                    })
            }
            let start = BootClock.now()
            let made = try await server.instance.keepRoles(
                wishes, resting: [], while: { true }, deadline: .seconds(60))
            let whole = BootClock.now() - start
            #expect(made.count == 1000 && made.values.allSatisfy { $0.failure == nil && $0.mended == ["missing"] })
            #expect(whole < .seconds(300))
            #expect(try await logIn(server, world, "role-999", "password 999"))

            let written = try await versions(server)
            var idle: [Duration] = []
            for _ in 0..<5 {
                let start = BootClock.now()
                let outcomes = try await server.instance.keepRoles(
                    wishes, resting: [], while: { true }, deadline: .seconds(60))
                idle.append(BootClock.now() - start)
                #expect(outcomes.count == 1000 && outcomes.values.allSatisfy { $0 == RoleOutcome() })
            }
            #expect(try await versions(server) == written)
            print("a thousand roles: made in \(whole), idle \(idle.sorted()[idle.count / 2]) (median of \(idle.count))")
        }
    }
}
