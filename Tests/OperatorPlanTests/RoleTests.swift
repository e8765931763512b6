import ClusterRecords
import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import PostgresConfiguration
import Testing

/// The declared roles: what the leader's agent is given, what the agents may read for it, and what is said of it.
@Suite struct RoleTests {
    private static let map = ObjectKey(ConfigMap.resource, "demo-roles")
    private static let people: JSONValue = [
        ["name": "alice", "passwordSecret": ["name": "alice", "key": "password"], "memberOf": ["readers"]],
        ["name": "bob", "passwordSecret": ["name": "many", "key": "bob"], "createdb": true],
        ["name": "carol", "passwordSecret": ["name": "many", "key": "carol"], "ensure": "absent"],
        ["name": "readers", "login": false, "validUntil": "2031-02-03T04:05:06.7+01:00"],
    ]

    private func list(_ world: World) throws -> DeclaredRoles? {
        let text = world.observed.objects[Self.map]?.value(at: "data", "roles.json")?.stringValue
        return try text.map { try DeclaredRoles(text: $0) }
    }

    private func revision(_ world: World) -> String? { world[store: "demo-config"]["matriarch.dev/roles"]?.stringValue }

    private func rules(_ world: World, _ resource: String) -> [JSONValue] {
        let role = world.observed.objects[ObjectKey(Role.resource, "demo")]
        return (role?["rules"]?.arrayValue ?? []).filter { $0["resources"] == [.string(resource)] }
    }

    @Test func `a cluster without roles has no list, no revision and no right to any Secret`() throws {
        let world = try World.running()
        #expect(world.observed.objects[Self.map] == nil && revision(world) == nil)
        #expect(rules(world, "secrets").isEmpty)
        #expect(
            !rules(world, "configmaps").contains { $0["resourceNames"]?.serialized().contains("demo-roles") == true })
        #expect(try world.condition(.rolesReady) == "absent" && world.status.roles == nil)
    }

    @Test func `the leader is given the list, and the agents the right to read the Secrets it names, each by name`()
        throws
    {
        var world = try World.running(spec: ["roles": Self.people])
        world.observed.consentingSecrets = ["alice", "many", "another"]
        try world.settle()
        let list = try #require(try list(world))
        #expect(
            list.roles == [
                DeclaredRole(
                    name: "alice", memberships: ["readers"], password: .secret(name: "alice", key: "password")),
                DeclaredRole(
                    name: "bob", attributes: RoleAttributes(mayCreateDatabases: true),
                    password: .secret(name: "many", key: "bob")),
                DeclaredRole(name: "carol", isAbsent: true, password: .secret(name: "many", key: "carol")),
                DeclaredRole(
                    name: "readers", attributes: RoleAttributes(mayLogIn: false), validUntil: "2031-02-03T03:05:06Z"),
            ])
        #expect(revision(world) == DeclaredRoles.revision(of: list.text))
        #expect(
            rules(world, "secrets") == [
                ["apiGroups": [""], "resources": ["secrets"], "verbs": ["get"], "resourceNames": ["alice", "many"]]
            ])
        #expect(rules(world, "configmaps").contains { $0["verbs"] == ["get"] && $0["resourceNames"] == ["demo-roles"] })
        // Agents watch by this label; a thousand roles are for the leader alone.
        let labels = world.observed.objects[Self.map]?.value(at: "metadata", "labels")?.objectValue
        #expect(labels?["cluster-name"] == nil && labels?["app.kubernetes.io/instance"] == "demo")
    }

    @Test func `a Secret is read by no agent before its owner lets this cluster have it, and not when he ends that`()
        throws
    {
        var world = try World.running(spec: ["roles": Self.people])
        func readable() -> [JSONValue] { rules(world, "secrets").compactMap { $0["resourceNames"] } }
        for (consenting, names) in [
            ([], []), (["alice"], [["alice"]]), (["alice", "many"], [["alice", "many"]]), (["many"], [["many"]]),
        ] as [(Set<String>, [JSONValue])] {
            world.observed.consentingSecrets = consenting
            try world.settle()
            #expect(readable() == names)
            // Nobody watches Secrets.
            let isAwaited = consenting.count < 2
            #expect(try world.planned().requeueAfter == Duration.seconds(isAwaited ? 10 : 60))
        }
        #expect(try Observed.passwordSecrets(of: world.resource) == ["alice", "many"])
        func consents(_ labels: [String: String]?) throws -> Bool {
            try Observed.consents(ObjectMeta(name: "alice", labels: labels), to: world.resource.scope)
        }
        #expect(try consents(["matriarch.dev/role-passwords": "demo"]))
        for labels: [String: String]? in [
            nil, [:], ["matriarch.dev/role-passwords": "demo2"], ["cluster-name": "demo"],
        ] { #expect(try !consents(labels)) }
    }

    /// What keeps a plan from being carried out, each in its own way.
    private static let refusals: [(JSONValue, String)] = [
        (
            ["roles": [["name": "alice", "memberOf": ["a", "a"], "passwordSecret": ["name": "alice", "key": "x"]]]],
            "named"
        ),
        (["roles": .null, "instances": 0], "not named"), (["storage": ["size": ["no": "text"]]], "cannot be read"),
    ]

    @Test(arguments: refusals.indices)
    func `consent that ends does so whatever keeps the rest of the plan from being carried out`(row: Int) throws {
        let (refused, what) = Self.refusals[row]
        var world = try World.running(spec: ["roles": Self.people])
        world.observed.consentingSecrets = ["alice", "many"]
        try world.settle()
        let before = world.observed.objects[ObjectKey(Role.resource, "demo")]
        // Somebody's refused spec, and then the owner of a Secret takes his label off.
        world.patch(refused)
        world.observed.consentingSecrets = what == "named" ? ["alice"] : []
        let done = try world.settle()
        #expect(!done.contains { if case .apply = $0 { true } else { false } })
        #expect(rules(world, "secrets").map { $0["resourceNames"] } == (what == "named" ? [["alice"]] : []))
        world.observed.consentingSecrets = []
        try world.settle()
        #expect(rules(world, "secrets").isEmpty)
        // Nothing else of the Role is touched.
        let others = before?["rules"]?.arrayValue?.filter { $0["resources"] != ["secrets"] }
        #expect(world.observed.objects[ObjectKey(Role.resource, "demo")]?["rules"]?.arrayValue == others)
    }

    @Test func `consent that ends does so also where something of somebody else stops the operator`() throws {
        var world = try World.running(spec: ["roles": Self.people])
        world.observed.consentingSecrets = ["alice", "many"]
        try world.settle()
        world.observed.objects[ObjectKey(Service.resource, "demo-pods")] = ["metadata": ["name": "demo-pods"]]
        world.observed.consentingSecrets = ["many"]
        try world.settle()
        #expect(try world.condition(.degraded) == "True ObjectNotOurs")
        #expect(rules(world, "secrets").map { $0["resourceNames"] } == [["many"]])
        #expect(try world.planned().requeueAfter.map { $0 <= .seconds(60) } == true)
    }

    @Test func `a list that is gone is in force no more`() throws {
        var world = try World.running(spec: ["roles": Self.people])
        world.patch(["roles": .null])
        try world.settle()
        #expect(revision(world) != nil)
        // By hand.
        world.observed.objects[Self.map] = nil
        try world.settle()
        #expect(world.observed.objects[Self.map] == nil && revision(world) == nil)
    }

    @Test(arguments: ["demo-superuser", "demo-replication", "demo-rewind", "demo-app"])
    func `no role has its password in a Secret of the cluster itself`(secret: String) throws {
        var world = try World.running()
        world.patch(["roles": [["name": "alice", "passwordSecret": ["name": .string(secret), "key": "password"]]]])
        world.observed.consentingSecrets = [secret]
        try world.settle()
        #expect(try world.condition(.configurationValid) == "False InvalidSpec")
        let message = try world.status.condition(.configurationValid)?.message ?? ""
        #expect(message.contains("spec.roles[0].passwordSecret.name") && message.contains("of the cluster itself"))
        #expect(rules(world, "secrets").isEmpty)
    }

    @Test func `the list is there before the store says that it is in force`() throws {
        var world = try World.running()
        world.patch(["roles": Self.people])
        let done = try world.settle()
        let map = done.firstIndex { if case .apply(Self.map, _) = $0 { true } else { false } }
        let store = done.firstIndex {
            if case .writeStore(let write) = $0 {
                write.body.value(at: "metadata", "annotations", "matriarch.dev/roles") != nil
            } else {
                false
            }
        }
        #expect(try #require(map) < #require(store))
    }

    @Test func `a list that becomes empty takes the place of the former one, and no Secret may be read any more`()
        throws
    {
        var world = try World.running(spec: ["roles": Self.people])
        world.observed.consentingSecrets = ["alice", "many"]
        try world.settle()
        #expect(!rules(world, "secrets").isEmpty)
        let before = revision(world)
        world.patch(["roles": .null])
        try world.settle()
        #expect(try list(world) == DeclaredRoles([]))
        #expect(revision(world) != before && revision(world) == DeclaredRoles.revision(of: DeclaredRoles([]).text))
        #expect(rules(world, "secrets").isEmpty)
        #expect(try world.condition(.rolesReady) == "absent" && world.status.roles == nil)
    }

    /// What the leader says, and what is said of it.
    static let table: [(report: RolesReport?, condition: String, message: String)] = [
        (nil, "Unknown RolesPending", "Waits for demo-0 to compare its server with the list"),
        (RolesReport(revision: "old", declared: 4, ready: 4), "Unknown RolesPending", "Waits for demo-0"),
        (RolesReport(revision: "", declared: 4, ready: 4), "True RolesApplied", "All 4 roles are as declared"),
        (
            RolesReport(revision: "", declared: 4, ready: 3, failing: [.init(role: "bob", reason: "no such Secret")]),
            "False RolesFailing", "3 of 4 roles are as declared. bob: no such Secret"
        ),
        (
            RolesReport(revision: "", declared: 4, ready: 1, failing: [.init(role: "bob", reason: "x")]),
            "False RolesFailing", "1 of 4 roles are as declared, 2 are not named here. bob: x"
        ),
        (
            RolesReport(revision: "", declared: 4, ready: 4, problem: "no session"), "False RolesFailing",
            "The roles are not compared: no session"
        ),
    ]

    private func say(_ world: inout World, _ report: RolesReport?, leader: Int = 0) throws {
        let annotation = world.observed.pods[leader].metadata.annotations?["status"] ?? ""
        var record = try #require(MemberRecord(annotation: annotation))
        record.roles = report.map {
            var report = $0
            // The list in force.
            if report.revision.isEmpty { report.revision = revision(world) ?? "" }
            return report
        }
        world.observed.pods[leader].metadata.annotations?["status"] = record.annotation
    }

    @Test(arguments: table.indices)
    func `the condition says what the leader says of the list in force`(row: Int) throws {
        let (report, condition, message) = Self.table[row]
        var world = try World.running(spec: ["roles": Self.people])
        try say(&world, report)
        try world.settle()
        #expect(try world.condition(.rolesReady) == condition)
        #expect(try world.status.condition(.rolesReady)?.message.hasPrefix(message) == true)
        // The roles are no part of whether the cluster serves.
        #expect(try world.condition(.ready) == "True Healthy")
    }

    @Test func `status has the counts, the failing ones, and of which spec they are`() throws {
        var world = try World.running(spec: ["roles": Self.people])
        let failing = [RolesReport.Failure(role: "bob", reason: "x")]
        try say(&world, RolesReport(revision: "", declared: 4, ready: 3, failing: failing))
        try world.settle()
        #expect(
            try world.status.roles
                == RolesStatus(
                    observedGeneration: 1, declared: 4, ready: 3, failing: [FailingRole(name: "bob", reason: "x")],
                    problem: nil, lastRepair: nil))
        // Another list is not looked at yet.
        world.patch(["roles": [["name": "alice"]]])
        try world.settle()
        #expect(
            try world.status.roles?.observedGeneration == 1 && world.condition(.rolesReady) == "Unknown RolesPending")
        try say(&world, RolesReport(revision: "", declared: 1, ready: 1))
        try world.settle()
        #expect(try world.status.roles?.observedGeneration == 2 && world.condition(.rolesReady) == "True RolesApplied")
    }

    @Test func `each failure is told once, its end once, and each repair once`() throws {
        var world = try World.running(spec: ["roles": Self.people])
        try say(&world, RolesReport(revision: "", declared: 4, ready: 4))
        try world.settle()
        #expect(world.takeEvents() == [])
        let failing = RolesReport(revision: "", declared: 4, ready: 3, failing: [.init(role: "bob", reason: "x")])
        for expected in [["RolesFailing: bob: x"], []] {
            try say(&world, failing)
            world.advance(30)
            try world.settle()
            #expect(world.takeEvents() == expected)
        }
        let repair = RolesReport.Alteration(
            time: "2027-01-15T08:00:00.123456+00:00", count: 1, roles: ["alice: NOLOGIN"])
        for expected in [
            [
                "RolesApplied: All 4 roles are as declared",
                "RolesRepaired: 1 role was changed by somebody else and repaired: alice: NOLOGIN",
            ], [],
        ] {
            try say(&world, RolesReport(revision: "", declared: 4, ready: 4, repair: repair))
            world.advance(30)
            try world.settle()
            #expect(world.takeEvents() == expected)
        }
        #expect(try world.status.roles?.lastRepair?.at == Timestamp("2027-01-15T08:00:00Z"))
        // A new leader has repaired nothing yet; what was said of the former one stays, and is no news.
        try say(&world, RolesReport(revision: "", declared: 4, ready: 4))
        try world.settle()
        #expect(world.takeEvents() == [])
        #expect(try world.status.roles?.lastRepair?.roles == ["alice: NOLOGIN"])
    }

    @Test func `the end of a failure is told whatever the spec has become meanwhile`() throws {
        var world = try World.running(spec: ["roles": Self.people])
        for (failing, told) in [
            (
                RolesReport(revision: "", declared: 4, ready: 3, failing: [.init(role: "bob", reason: "x")]),
                "RolesFailing: bob: x"
            ), (RolesReport(revision: "", declared: 4, ready: 4, problem: "no session"), "RolesFailing: no session"),
        ] {
            world.patch(["roles": Self.people])
            try world.settle()
            try say(&world, failing)
            try world.settle()
            #expect(world.takeEvents() == [told])
            world.patch(["roles": [["name": "alice"]]])
            try world.settle()
            #expect(try world.condition(.rolesReady) == "Unknown RolesPending" && world.takeEvents() == [])
            try say(&world, RolesReport(revision: "", declared: 1, ready: 1))
            for expected in [["RolesApplied: The role is as declared"], []] {
                world.advance(30)
                try world.settle()
                #expect(world.takeEvents() == expected)
            }
        }
    }

    @Test func `what roles are altered in that were there before is told once`() throws {
        var world = try World.running(spec: ["roles": Self.people])
        let adoption = RolesReport.Alteration(time: "2027-01-15T08:00:00Z", count: 2, roles: ["alice: NOSUPERUSER"])
        for expected in [
            ["RolesAdopted: 2 roles were there before and altered: alice: NOSUPERUSER"], [],
        ] {
            try say(&world, RolesReport(revision: "", declared: 4, ready: 4, adoption: adoption))
            world.advance(30)
            try world.settle()
            #expect(world.takeEvents() == expected)
        }
        #expect(try world.status.roles?.lastAdoption?.count == 2)
        try say(&world, RolesReport(revision: "", declared: 4, ready: 4))
        try world.settle()
        #expect(try world.takeEvents() == [] && world.status.roles?.lastAdoption?.count == 2)
    }

    @Test func `in a standby cluster nothing is said to fail`() throws {
        var world = World([
            "roles": Self.people, "standby": ["host": "site-a.example", "port": 5432],
        ])
        try world.settle()
        world.run(3, leader: 0)
        world.observed.pods[0] = world.member(0, role: "standby_leader")
        try world.settle()
        #expect(try world.condition(.rolesReady) == "Unknown StandbyLeaderRunning")
    }

    @Test func `somebody else's object of the name stops the operator only where roles are declared`() throws {
        var world = try World.running()
        world.observed.objects[Self.map] = ["metadata": ["name": "demo-roles", "uid": "x"], "data": ["mine": "yes"]]
        try world.settle()
        #expect(try world.condition(.degraded) == "False Sound")
        world.patch(["roles": Self.people])
        try world.settle()
        #expect(try world.condition(.degraded) == "True ObjectNotOurs")
        #expect(world.observed.objects[Self.map]?["data"] == ["mine": "yes"])
    }

    @Test(
        arguments: [
            (["passwordSecret": ["name": "x", "key": "y"]], "spec.roles[1].passwordSecret"),
            (["disablePassword": true], "spec.roles[1].disablePassword"),
            (["ensure": "absent"], "spec.roles[1].ensure"), (["superuser": true], "spec.roles[1].superuser"),
        ] as [(JSONValue, String)])
    func `the application's owner may get more, but neither another password nor go`(_ more: JSONValue, _ path: String)
        throws
    {
        var world = try World.running()
        let owner: JSONValue = ["name": "app"]
        world.patch(["roles": [["name": "alice"], owner.merging(["createdb": true, "memberOf": ["pg_monitor"]])]])
        try world.settle()
        #expect(try world.condition(.configurationValid) == "True Accepted")
        world.patch(["roles": [["name": "alice"], owner.merging(more)]])
        try world.settle()
        #expect(try world.condition(.configurationValid) == "False InvalidSpec")
        let message = try world.status.condition(.configurationValid)?.message ?? ""
        #expect(message.hasPrefix(path) && message.contains("app owns the database app"), "\(message)")
    }

    @Test func `one revision waits for another write to the same object`() throws {
        var world = try World.running()
        world.patch(["roles": Self.people, "reinitialize": ["instance": "demo-2"]])
        try world.settle()
        #expect(revision(world) != nil)
        #expect(world[store: "demo-config"]["matriarch.dev/reinitialize"] != nil)
    }
}
