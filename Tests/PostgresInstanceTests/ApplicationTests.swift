import PostgresClient
import PostgresConfiguration
import ServerControl
import Testing

@testable import PostgresInstance

/// The database a cluster is made with for an application.
@Suite(.serialized)
struct ApplicationTests {
    private static let database = ApplicationDatabase(name: "shop", owner: "shop-keeper", secret: "demo-app")

    private func options(_ application: ApplicationDatabase = database) -> InitdbOptions {
        var options = InitdbOptions()
        options.application = application
        return options
    }

    private func writeSecret(_ world: World, username: String? = "shop-keeper", password: String?) throws {
        let directory = "\(world.root)/application"
        try FileSystem.removeTree(directory)
        try FileSystem.makeDirectory(directory, owner: nil)
        for (key, value) in [("username", username), ("password", password)] {
            if let value { try FileSystem.write(value, to: "\(directory)/\(key)", mode: 0o644, owner: nil) }
        }
    }

    /// What the leader's agent does every now and then.
    @discardableResult
    private func keep(
        _ server: TestServer, _ application: ApplicationDatabase = database, again: Bool = false
    ) async throws -> ApplicationPassword {
        try await server.instance.keepApplicationPassword(of: application, again: again)
    }

    private func verifier(_ server: TestServer, of role: String) async throws -> String? {
        try await server.run("SELECT rolpassword FROM pg_authid WHERE rolname = '\(role)'").scalar
    }

    /// As the application does, over the network.
    private func open(_ server: TestServer, _ world: World, password: String) async throws -> PostgresConnection {
        let file = "\(world.root)/shop-pgpass"
        try FileSystem.write("*:*:*:*:\(password)\n", to: file, mode: 0o600, owner: nil)
        return try await PostgresConnection.open(
            ConnectionParameters(
                address: .host("127.0.0.1"), port: server.port, user: "shop-keeper", database: "shop",
                passwordFile: file, applicationName: "shop"), deadline: .seconds(5))
    }

    @Test func `the owner gets in with the password of the Secret alone, makes a table, and is nobody else`()
        async throws
    {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try writeSecret(world, password: "a b'c\\d")
            try await server.instance.initialize(options: options())
            try await server.startAndWait(as: .primary)
            try await server.instance.createRoles()
            #expect(try await keep(server) == .unchanged)
            await #expect(throws: PostgresError.self) { _ = try await open(server, world, password: "") }
            let connection = try await open(server, world, password: "a b'c\\\\d")
            _ = try await connection.query("CREATE TABLE orders (n int)", deadline: .seconds(5))
            let row = try await connection.query(
                """
                SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls,
                    pg_get_userbyid(datdba), pg_encoding_to_char(encoding)
                FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()
                """, deadline: .seconds(5))
            #expect(row.rows == [["f", "shop-keeper", "UTF8"]])
            await connection.close()
        }
    }

    @Test func `another password in the Secret is the role's, and its verifier is in no log`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try writeSecret(world, password: "first-sesame")
            try await server.instance.initialize(options: options())
            try await server.startAndWait(as: .primary)
            try await server.instance.createRoles()
            try await server.run("ALTER ROLE postgres SET log_statement = 'all'")
            try writeSecret(world, password: "second-sesame")
            #expect(try await keep(server) == .set)
            try await open(server, world, password: "second-sesame").close()
            let refusal = await #expect(throws: PostgresError.self) {
                _ = try await open(server, world, password: "first-sesame")
            }
            #expect(refusal?.sqlState == "28P01")
            let log = FileSystem.readIfPresent("\(server.root)/server.log") ?? ""
            #expect(!log.contains("SCRAM-SHA-256$") && !log.contains("-sesame"))
        }
    }

    @Test func `a role that is gone is not made, whatever the Secret is, and one made by hand gets its password`()
        async throws
    {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try writeSecret(world, password: "first-sesame")
            try await server.instance.initialize(options: options())
            try await server.startAndWait(as: .primary)
            try await server.run("ALTER ROLE \"shop-keeper\" RENAME TO gone")
            try writeSecret(world, username: nil, password: nil)
            #expect(try await keep(server) == .noRole)
            #expect(try await keep(server) == .unchanged)
            try writeSecret(world, password: "second-sesame")
            #expect(try await keep(server) == .noRole)
            #expect(try await server.run("SELECT count(*) FROM pg_roles WHERE rolname = 'shop-keeper'").scalar == "0")

            try await server.run("CREATE ROLE \"shop-keeper\" LOGIN; ALTER DATABASE shop OWNER TO \"shop-keeper\"")
            #expect(try await keep(server) == .unchanged)
            #expect(try await keep(server, again: true) == .set)
            try await open(server, world, password: "second-sesame").close()
            #expect(try await keep(server, again: true) == .unchanged)

            try writeSecret(world, password: "")
            let error = await #expect(throws: InstanceError.self) { try await keep(server) }
            #expect(error?.code == .credentials)
            #expect(try await keep(server) == .unchanged)
        }
    }

    @Test func `a role of somebody else's that has the name keeps its password`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            // Data from before, applied again as a new cluster.
            try await server.bootstrap()
            try await server.run("CREATE ROLE app LOGIN PASSWORD 'of the user'")
            try await server.run("CREATE ROLE chief SUPERUSER LOGIN PASSWORD 'of the user'")
            for (database, owner) in [("shop", "replicator"), ("chief", "chief"), ("postgres", "app")] {
                let application = ApplicationDatabase(name: database, owner: owner, secret: "demo-app")
                if database != "postgres" { try await server.run("CREATE DATABASE \(database) OWNER \(owner)") }
                for password in ["random", ""] {
                    try writeSecret(world, username: owner, password: password)
                    let before = try await verifier(server, of: owner)
                    #expect(try await keep(server, application) == .otherRole)
                    #expect(try await verifier(server, of: owner) == before)
                }
            }
            // The owner of another database is not that of this one.
            try await server.run("CREATE DATABASE other OWNER app")
            try writeSecret(world, username: "app", password: "random")
            let missing = ApplicationDatabase(name: "app", owner: "app", secret: "demo-app")
            #expect(try await keep(server, missing) == .otherRole)
        }
    }

    @Test func `a role that somebody has locked is waited for briefly, and given its password at the next try`()
        async throws
    {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try writeSecret(world, password: "first-sesame")
            try await server.instance.initialize(options: options())
            try await server.startAndWait(as: .primary)
            let connection = try await open(server, world, password: "first-sesame")
            _ = try await connection.query(
                "BEGIN; ALTER ROLE \"shop-keeper\" PASSWORD 'x'", deadline: .seconds(5))
            try writeSecret(world, password: "second-sesame")
            let error = await #expect(throws: PostgresError.self) { try await keep(server) }
            // 55P03: given up for the lock, not for the time of the whole statement.
            #expect(error?.sqlState == "55P03")
            #expect(try await keep(server) == .unchanged)
            _ = try await connection.query("ROLLBACK", deadline: .seconds(5))
            await connection.close()
            #expect(try await keep(server, again: true) == .set)
            try await open(server, world, password: "second-sesame").close()
        }
    }

    @Test func `the owner is the one the agent file names now`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try writeSecret(world, password: "first-sesame")
            await #expect(throws: InstanceError.self) {
                try await server.instance.initialize(
                    options: options(ApplicationDatabase(name: "shop", owner: "keeper", secret: "demo-app")))
            }
            try await server.instance.initialize(options: options())
        }
    }

    @Test(
        arguments: [
            (nil, "x", "there is no username"), ("shop-keeper", nil, "there is no password"),
            ("postgres", "x", "username must be shop-keeper, the owner of the database shop"),
            ("shop-keeper\n", "x", "username must be shop-keeper"), ("shop-keeper", "", "password is empty"),
            ("shop-keeper", "two\nlines", "password must be one line"),
            ("shop-keeper", "x\r\n", "password must be one line"),
            ("shop-keeper", "x\n", "without a line break at its end"),
        ] as [(String?, String?, String)])
    func `a Secret nobody can use is refused with what it must have, before anything is made`(
        _ username: String?, _ password: String?, _ message: String
    ) async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try writeSecret(world, username: username, password: password)
            let error = await #expect(throws: InstanceError.self) {
                try await server.instance.initialize(options: options())
            }
            #expect(error?.code == .credentials)
            #expect(error?.message.hasPrefix("Secret demo-app: ") == true)
            #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
            #expect(try await server.instance.dataDirectoryState() == .absent)
        }
    }

    @Test func `a role of the agents' own is refused with its field`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            let error = await #expect(throws: InvalidSettings.self) {
                try await server.instance.initialize(
                    options: options(ApplicationDatabase(name: "shop", owner: "replicator", secret: "demo-app")))
            }
            #expect(error?.problems.map(\.field) == ["bootstrap.initdb.owner"])
            #expect(try await server.instance.dataDirectoryState() == .absent)
        }
    }

    @Test func `what PostgreSQL refuses is told in its words, and leaves no half-made cluster`() async throws {
        try await TestServer.withWorld { world in
            let server = try world.server("demo-0")
            try writeSecret(world, password: "x")
            let error = await #expect(throws: InstanceError.self) {
                try await server.instance.initialize(
                    options: options(ApplicationDatabase(name: "template1", owner: "shop-keeper", secret: "demo-app")))
            }
            #expect(error?.code == .toolFailed)
            #expect(
                error?.message.contains("FATAL:  database \"template1\" already exists") == true,
                "\(error?.message ?? "")")
            #expect(try await server.instance.dataDirectoryState() == .absent)
            try await server.instance.initialize(options: options())
        }
    }
}
