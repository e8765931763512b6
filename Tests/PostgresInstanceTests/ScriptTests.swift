import PostgresClient
import PostgresConfiguration
import ServerControl
import Testing

@testable import PostgresInstance

/// Statements that run once, in a new cluster.
@Suite(.serialized)
struct ScriptTests {
    private func options(_ scripts: [BootstrapScript], encoding: String = "UTF8") -> InitdbOptions {
        var options = InitdbOptions()
        options.encoding = encoding
        if encoding != "UTF8" { options.locale = "C" }
        options.application = ApplicationDatabase(name: "shop", owner: "keeper", secret: "demo-app")
        options.scripts = scripts
        return options
    }

    private func script(
        _ text: String, in database: BootstrapScript.Database = .application, index: Int = 0
    ) -> BootstrapScript {
        BootstrapScript(field: "postInitSQL[\(index)]", database: database, source: .text(text))
    }

    private func with(_ body: (TestServer, World) async throws -> Void) async throws {
        try await TestServer.withWorld { world in
            let directory = "\(world.root)/application"
            try FileSystem.makeDirectory(directory, owner: nil)
            for (key, value) in [("username", "keeper"), ("password", "sesame")] {
                try FileSystem.write(value, to: "\(directory)/\(key)", mode: 0o644, owner: nil)
            }
            try await body(try world.server("demo-0"), world)
        }
    }

    private func mount(_ world: World, _ path: String, _ text: String) throws {
        let file = "\(world.root)/sql/\(path)"
        try FileSystem.makeDirectory(FileSystem.directory(of: file), owner: nil)
        try FileSystem.write(text, to: file, mode: 0o644, owner: nil)
    }

    @Test func `statements run in their order, each entry in a session of its own, before the data count as made`()
        async throws
    {
        try await with { server, world in
            let seed = BootstrapScript.Reference(configMap: "demo-sql", key: "seed.sql")
            try mount(world, "demo-sql/seed.sql", "INSERT INTO log SELECT twice(n) FROM log -- the last")
            let function = """
                SET ROLE keeper;
                CREATE TABLE log (n int);

                CREATE FUNCTION twice(n int) RETURNS int LANGUAGE plpgsql AS $$
                BEGIN
                    n := 2 * n;

                    RETURN n; -- 'ü'
                END $$;
                """
            try await server.instance.initialize(
                options: options([
                    script("CREATE DATABASE other OWNER keeper", in: .maintenance),
                    script("CREATE EXTENSION pg_stat_statements; CREATE ROLE chief PASSWORD 'of the chief'"),
                    script(function), script("INSERT INTO log VALUES (21)"),
                    BootstrapScript(
                        field: "postInitSQLRefs.configMapRefs[0]", database: .application, source: .mounted(seed)),
                ]), parameters: ["shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.track": "all"])
            let kept = FileSystem.readIfPresent("\(server.root)/pgdata/pg_stat/pg_stat_statements.stat") ?? ""
            #expect(!kept.contains("of the chief"))
            try await server.startAndWait(as: .primary)
            let shop = try await server.open(database: "shop")
            let row = try await shop.query(
                """
                SELECT string_agg(n::text, ' ' ORDER BY n), (SELECT tableowner FROM pg_tables WHERE tablename = 'log'),
                    (SELECT count(*) FROM pg_database WHERE datname = 'other'),
                    (SELECT count(*) FROM pg_proc WHERE prosrc LIKE '%n := 2 * n;' || chr(10) || ' ' || chr(10) || '%') FROM log
                """, deadline: .seconds(5))
            #expect(row.rows == [["21 42", "keeper", "1", "1"]])
            await shop.close()
        }
    }

    @Test func `what PostgreSQL refuses is told with its line, and leaves no data`() async throws {
        try await with { server, world in
            func failure(_ options: InitdbOptions, _ parameters: [String: String] = [:]) async throws -> ScriptFailure?
            {
                let error = await #expect(throws: ScriptFailure.self) {
                    try await server.instance.initialize(options: options, parameters: parameters)
                }
                #expect(try await server.instance.dataDirectoryState() == .absent)
                return error
            }
            let wrong = "CREATE TABLE log (n int);\n\n  INSERT INTO nowhere VALUES (1);\nSELECT 1"
            let first = try await failure(options([script("SELECT 1"), script(wrong, index: 1)]))
            #expect(
                first?.description
                    == #"bootstrap.initdb.postInitSQL[1]: "INSERT INTO nowhere VALUES (1);" line 3: "#
                    + #"relation "nowhere" does not exist (SQLSTATE 42P01)"#)
            #expect(first?.isPostgreSQLs == true)

            let seed = BootstrapScript.Reference(configMap: "demo-sql", key: "seed.sql")
            let mounted = BootstrapScript(
                field: "postInitSQLRefs.configMapRefs[0]", database: .maintenance, source: .mounted(seed))
            #expect(
                try await failure(options([mounted]))?.reason
                    == "there is no key seed.sql of ConfigMap demo-sql, or not yet")
            try mount(world, "demo-sql/seed.sql", "SELECT 1;\nCREATE ROLE a PASSWORD hunter2")
            for scripts in [[mounted], [script("SELECT 1;\nALTER ROLE 'hunter2' PASSWORD")]] {
                let hidden = try await failure(options(scripts))
                #expect(hidden?.line == nil)
                #expect(
                    hidden?.reason
                        == "line 2: SQLSTATE 42601; PostgreSQL's words are not shown, there may be a secret in them")
            }
            let library = try await failure(options([script("SELECT 1")]), ["shared_preload_libraries": "no_such"])
            #expect(library?.reason.hasPrefix(#"could not access file "no_such""#) == true)
            let foreign = try await failure(options([script("SELECT 'ü'")], encoding: "LATIN1"))
            #expect(
                foreign?.reason == "may only have characters of ASCII in a cluster with the encoding LATIN1")
            #expect(try await failure(options([script("SELECT 1\0")]))?.isPostgreSQLs == false)
        }
    }
}
