import ClusterRecords
import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import PostgresConfiguration
import Testing

/// The database a new cluster is made with for an application, and what the application connects with.
@Suite struct ApplicationTests {
    private func created(_ changes: [Change]) -> [SecretRequest] {
        changes.compactMap { if case .createSecret(let secret) = $0 { secret } else { nil } }
    }

    private func agentFile(_ world: World) throws -> AgentFile {
        let object = world.observed.objects[ObjectKey(ConfigMap.resource, "demo-agent")]
        return try AgentFile(
            json: JSONValue(parsing: #require(object?.value(at: "data", AgentFile.name)?.stringValue)))
    }

    private func template(_ world: World) throws -> JSONValue {
        let set = world.observed.objects[ObjectKey(StatefulSet.resource, "demo")]
        return try #require(set?.value(at: "spec", "template"))
    }

    /// The Secrets the Pods mount, with whether each may be missing.
    private func mounted(_ world: World) throws -> [String] {
        let volumes = try template(world).value(at: "spec", "volumes")?.arrayValue ?? []
        return volumes.flatMap { $0.value(at: "projected", "sources")?.arrayValue ?? [] }.compactMap { source in
            source["secret"]?["name"]?.stringValue.map {
                source.value(at: "secret", "optional") == true ? "\($0)?" : $0
            }
        }
    }

    private static let own = ["demo-superuser", "demo-replication", "demo-rewind"]

    @Test func `a new cluster has a database app, and a Secret with everything one connects with`() throws {
        var world = World()
        let secret = try #require(created(try world.settle()).last)
        #expect(try agentFile(world).initdb.application == .init(name: "app", owner: "app", secret: "demo-app"))
        #expect(try mounted(world) == Self.own + ["demo-app?"])
        let body = secret.body(password: "hunter2")
        #expect(body["type"] == "kubernetes.io/basic-auth")
        #expect(body.value(at: "metadata", "ownerReferences")?[0]?["uid"] == "u-1")
        let members = ["demo-0.demo-pods", "demo-1.demo-pods", "demo-2.demo-pods"]
        let hosts = (["demo"] + members).joined(separator: ",")
        let lines = (["demo"] + members + ["demo.default.svc"]).map { "\($0):5432:app:app:hunter2\n" }
        let expected: [String: String] = [
            "username": "app", "password": "hunter2", "host": "demo", "port": "5432", "dbname": "app", "user": "app",
            "uri": "postgresql://app:hunter2@demo:5432/app",
            "fqdn-uri": "postgresql://app:hunter2@demo.default.svc:5432/app",
            "jdbc-uri": "jdbc:postgresql://demo:5432/app?user=app&password=hunter2",
            "dsn":
                "host=\(hosts) port=5432 dbname=app user=app password=hunter2 target_session_attrs=read-write",
            "pgpass": lines.joined(),
        ]
        #expect(body["stringData"] == JSONValue(expected))
        #expect(!"\(secret)".contains("hunter2"))
    }

    @Test func `the names are the spec's, and the owner is called like the database`() throws {
        var world = World(["bootstrap": ["initdb": ["database": "shop"]]])
        #expect(created(try world.settle()).last?.username == "shop")
        #expect(try agentFile(world).initdb.application == .init(name: "shop", owner: "shop", secret: "demo-app"))
        var other = World(["bootstrap": ["initdb": ["database": "shop", "owner": "keeper"]]])
        #expect(created(try other.settle()).last?.username == "keeper")
    }

    @Test func `a Secret of the user's own is mounted, and none is made`() throws {
        var world = World(["bootstrap": ["initdb": ["owner": "shop", "secretName": "shop-login"]]])
        #expect(created(try world.settle()).map(\.name) == Self.own)
        #expect(try agentFile(world).initdb.application == .init(name: "app", owner: "shop", secret: "shop-login"))
        #expect(try mounted(world) == Self.own + ["shop-login?"])
    }

    @Test func `a Secret that is deleted is made again, also for a cluster with data, and one that is there is left`()
        throws
    {
        var world = try World.running()
        world.observed.secrets["demo-app"] = nil
        #expect(created(try world.settle()).map(\.name) == ["demo-app"])
        #expect(try world.condition(.degraded) == "False Sound")
        world.observed.secrets["demo-app"] = ObjectMeta(deletionTimestamp: world.now)
        #expect(created(try world.settle()).isEmpty)
        #expect(try world.planned().requeueAfter == .seconds(5))
        world.observed.secrets["demo-app"] = ObjectMeta(name: "demo-app")
        world.patch(["instances": 5])
        #expect(created(try world.settle()).isEmpty)
    }

    @Test func `a cluster made before there were such databases is left as it is`() throws {
        var world = try World.madeBeforeApplications()
        let before = try template(world)
        world.run(3, leader: 0)
        let done = try world.settle()
        #expect(created(done).isEmpty)
        #expect(
            !done.contains { if case .apply(let key, _) = $0 { key.resource == StatefulSet.resource } else { false } })
        #expect(try template(world) == before && mounted(world) == Self.own)
        #expect(try agentFile(world).initdb.application == nil)
        #expect(try world.condition(.degraded) == "False Sound")
        // A Secret of that name is somebody's own.
        world.observed.secrets["demo-app"] = ObjectMeta(name: "demo-app")
        #expect(try world.settle().isEmpty)
    }

    @Test(arguments: [true, false])
    func `a StatefulSet that is made again has the template it had`(_ hasApplication: Bool) throws {
        var world = hasApplication ? try World.running() : try World.madeBeforeApplications()
        world.run(3, leader: 0)
        try world.settle()
        let before = try template(world)
        world.observed.objects[ObjectKey(StatefulSet.resource, "demo")] = nil
        try world.settle()
        #expect(try template(world) == before)
    }

    @Test func `an operator that was rolled back for a while does not cost the cluster its application`() throws {
        var world = try World.running()
        let before = try template(world)
        let key = ObjectKey(StatefulSet.resource, "demo")
        world.observed.objects[key] = try World.withoutApplication(#require(world.observed.objects[key]))
        #expect(try mounted(world) == Self.own)
        try world.settle()
        #expect(try template(world) == before)
        #expect(try agentFile(world).initdb.application == .init(name: "app", owner: "app", secret: "demo-app"))
    }

    @Test func `a copy of another cluster has that one's databases`() throws {
        var world = World(StandbyClusterTests.section.merging(["bootstrap": ["initdb": ["database": "shop"]]]))
        world.observed.secrets = Dictionary(uniqueKeysWithValues: Self.own.map { ($0, ObjectMeta(name: $0)) })
        #expect(created(try world.settle()).isEmpty)
        #expect(try agentFile(world).initdb.application == nil && mounted(world) == Self.own)
    }

    @Test func `a cluster that follows another one for a while keeps its template, and no new password is made`() throws
    {
        var world = try World.running()
        let before = try template(world)
        world.patch(StandbyClusterTests.section)
        world.observed.secrets["demo-app"] = nil
        #expect(created(try world.settle()).isEmpty)
        #expect(try template(world) == before)
    }
}

extension World {
    /// A cluster as an operator made it that knew of no such database.
    static func madeBeforeApplications() throws -> World {
        var world = World()
        for name in StandbyClusterTests.secrets {
            world.observed.secrets[name] = ObjectMeta(ownerReferences: [World.owner])
        }
        try world.settle()
        let key = ObjectKey(StatefulSet.resource, "demo")
        world.observed.objects[key] = withoutProbePort(withoutApplication(try #require(world.observed.objects[key])))
        world.observed.secrets["demo-app"] = nil
        // It left other marks of what it applied.
        try world.settle()
        return world
    }

    /// A StatefulSet as an operator applies it that knows of no such database.
    static func withoutApplication(_ set: JSONValue) -> JSONValue {
        let mounts = set.value(at: "spec", "template", "spec", "volumes")?.arrayValue ?? []
        let volumes = mounts.map { volume -> JSONValue in
            guard let sources = volume.value(at: "projected", "sources")?.arrayValue else { return volume }
            let own = sources.filter { $0.value(at: "secret", "optional") == nil }
            return volume.merging(["projected": ["sources": .array(own)]])
        }
        return set.merging(["spec": ["template": ["spec": ["volumes": .array(volumes)]]]])
    }
}

/// Statements that run once, in a new cluster.
@Suite struct ScriptTests {
    private static let spec: JSONValue = [
        "bootstrap": [
            "initdb": [
                "postInitSQL": ["CREATE ROLE auditor", "SELECT 1"],
                "postInitSQLRefs": [
                    "configMapRefs": [
                        ["name": "demo-sql", "key": "roles.sql"], ["name": "demo-sql", "key": "limits.sql"],
                    ]
                ],
                "postInitApplicationSQL": ["CREATE TABLE orders (n int)"],
                "postInitApplicationSQLRefs": ["configMapRefs": [["name": "demo-sql", "key": "limits.sql"]]],
            ]
        ]
    ]

    private static func mounted(
        _ field: String, _ database: BootstrapScript.Database, _ key: String
    ) -> BootstrapScript {
        BootstrapScript(field: field, database: database, source: .mounted(.init(configMap: "demo-sql", key: key)))
    }

    @Test func `the first member gets them in their order, each key mounted once, and may be started without them`()
        throws
    {
        var world = World(Self.spec)
        try world.settle()
        let object = world.observed.objects[ObjectKey(ConfigMap.resource, "demo-agent")]
        let file = try AgentFile(
            json: JSONValue(parsing: #require(object?.value(at: "data", AgentFile.name)?.stringValue)))
        #expect(
            file.initdb.scripts == [
                BootstrapScript(field: "postInitSQL[0]", database: .maintenance, source: .text("CREATE ROLE auditor")),
                BootstrapScript(field: "postInitSQL[1]", database: .maintenance, source: .text("SELECT 1")),
                Self.mounted("postInitSQLRefs.configMapRefs[0]", .maintenance, "roles.sql"),
                Self.mounted("postInitSQLRefs.configMapRefs[1]", .maintenance, "limits.sql"),
                BootstrapScript(
                    field: "postInitApplicationSQL[0]", database: .application,
                    source: .text("CREATE TABLE orders (n int)")),
                Self.mounted("postInitApplicationSQLRefs.configMapRefs[0]", .application, "limits.sql"),
            ])
        let set = world.observed.objects[ObjectKey(StatefulSet.resource, "demo")]
        let volumes = set?.value(at: "spec", "template", "spec", "volumes")?.arrayValue ?? []
        let sources = volumes.flatMap { $0.value(at: "projected", "sources")?.arrayValue ?? [] }
        func source(_ key: String) -> JSONValue {
            [
                "configMap": [
                    "name": "demo-sql", "optional": true,
                    "items": [["key": .string(key), "path": .string("secrets/sql/demo-sql/\(key)")]],
                ]
            ]
        }
        #expect(Array(sources.suffix(2)) == [source("roles.sql"), source("limits.sql")])
    }
}
