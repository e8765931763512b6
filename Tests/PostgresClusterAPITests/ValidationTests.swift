import ClusterRecords
import KubernetesModels
import PostgresClusterAPI
import Testing

/// A bad spec and what its owner is told.
struct BadSpec: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let changes: JSONValue
    let path: String
    /// Parts of the message a reader needs.
    let mentions: [String]

    init(_ description: String, _ changes: JSONValue, _ path: String, _ mentions: String...) {
        testDescription = description
        self.changes = changes
        self.path = path
        self.mentions = mentions
    }
}

@Suite struct ValidationTests {
    @Test func `the smallest spec is valid`() throws {
        #expect(try validate(demo(), previous: nil) == [])
    }

    static let badSpecs = [
        BadSpec(
            "ttl 25 with 10/10",
            ["highAvailability": ["ttl": 25, "loopWait": 10, "retryTimeout": 10]], "spec.highAvailability",
            "loopWait + 2·retryTimeout < ttl − fenceMargin", "loopWait 10 + 2·retryTimeout 10 = 30",
            "ttl 25 − fenceMargin 3 = 22"),
        BadSpec(
            "a restart of another cluster's member", ["restart": ["instances": ["shop-0"]]],
            "spec.restart.instances[0]", "demo-0"),
        BadSpec(
            "a restart of a member twice", ["restart": ["instances": ["demo-1", "demo-1"]]],
            "spec.restart.instances[1]", "twice"),
        BadSpec("a restart of nobody", ["restart": ["instances": []]], "spec.restart.instances", "leave it out"),
        BadSpec("too short a restart", ["restart": ["timeout": 9]], "spec.restart.timeout", "between 10 and 3600"),
        BadSpec(
            "a new copy for another cluster's member", ["reinitialize": ["instance": "shop-0"]],
            "spec.reinitialize.instance", "demo-0"),
        BadSpec("a new copy for nobody", ["reinitialize": [:]], "spec.reinitialize.instance", "required"),
        BadSpec(
            "too short a time to begin", ["reinitialize": ["instance": "demo-1", "timeout": 9]],
            "spec.reinitialize.timeout", "between 10 and 3600"),
        BadSpec(
            "several remote servers", ["standby": ["host": "a.example,b.example"]], "spec.standby.host", "one server"),
        BadSpec(
            "an IPv6 address without brackets", ["standby": ["host": "fd00::1"]], "spec.standby.host", "fd00::1",
            "an IPv6 address stands in brackets, as in [fd00::1], and the port has a field of its own"),
        BadSpec(
            "a remote server with its port", ["standby": ["host": "site-a.example:5433"]], "spec.standby.host",
            "the port has a field of its own"),
        BadSpec(
            "an IPv6 address with its port", ["standby": ["host": "[fd00::1]:5433"]], "spec.standby.host",
            "the port has a field of its own"),
        BadSpec(
            "brackets around no IPv6 address", ["standby": ["host": "[fd00::1::2]"]], "spec.standby.host",
            "IPv6 address in its brackets"),
        BadSpec(
            "brackets around a name", ["standby": ["host": "[site-a]"]], "spec.standby.host",
            "an IPv6 address stands in brackets"),
        BadSpec(
            "one family twice",
            ["service": ["ipFamilyPolicy": "RequireDualStack", "ipFamilies": ["IPv6", "IPv6"]]],
            "spec.service.ipFamilies", "IPv6", "each family once"),
        BadSpec(
            "two families of one", ["service": ["ipFamilies": ["IPv6", "IPv4"]]], "spec.service.ipFamilies",
            "IPv4", "PreferDualStack or RequireDualStack"),
        BadSpec(
            "a client who is nobody", ["networkPolicy": ["postgresql": [[:]]]], "spec.networkPolicy.postgresql[0]",
            "podSelector, namespaceSelector or ipBlock"),
        BadSpec(
            "addresses with labels",
            ["networkPolicy": ["agents": [["ipBlock": ["cidr": "10.0.0.0/8"], "podSelector": [:]]]]],
            "spec.networkPolicy.agents[0].ipBlock", "ipBlock stands alone"),
        BadSpec(
            "an address without its length", ["networkPolicy": ["agents": [["ipBlock": ["cidr": "10.0.0.1"]]]]],
            "spec.networkPolicy.agents[0].ipBlock.cidr", "a range of addresses such as 10.0.0.0/8"),
        BadSpec(
            "a role of the agents'", ["roles": [["name": "replicator"]]], "spec.roles[0].name", "replicator",
            "which the agents need"),
        BadSpec("a role of PostgreSQL's", ["roles": [["name": "pg_monitor"]]], "spec.roles[0].name", "not with pg_"),
        BadSpec("a role of everybody", ["roles": [["name": "public"]]], "spec.roles[0].name", "no names of roles"),
        BadSpec(
            "a role twice", ["roles": [["name": "alice"], ["name": "alice"]]], "spec.roles[1].name", "alice"),
        BadSpec(
            "a password and none",
            ["roles": [["name": "alice", "passwordSecret": ["name": "alice"], "disablePassword": true]]],
            "spec.roles[0].disablePassword", "contradicts passwordSecret"),
        BadSpec(
            "a Secret without a name", ["roles": [["name": "alice", "passwordSecret": ["key": "x"]]]],
            "spec.roles[0].passwordSecret.name", "required"),
        BadSpec(
            "a member of itself", ["roles": [["name": "alice", "memberOf": ["alice"]]]], "spec.roles[0].memberOf[0]",
            "itself"),
        BadSpec(
            "a member twice", ["roles": [["name": "alice", "memberOf": ["a", "a"]]]], "spec.roles[0].memberOf[1]",
            "twice"),
        BadSpec(
            "a member of the superuser", ["roles": [["name": "alice", "memberOf": ["postgres"]]]],
            "spec.roles[0].memberOf[0]", "superuser: true"),
        BadSpec(
            "a member of a name without end",
            ["roles": [["name": "alice", "memberOf": ["readers", .string(String(repeating: "é", count: 32))]]]],
            "spec.roles[0].memberOf[1]", "64"),
        BadSpec(
            "a member of nobody", ["roles": [["name": "alice", "memberOf": [""]]]], "spec.roles[0].memberOf[0]",
            "1 to 63 bytes"),
        BadSpec(
            "a zero in a name", ["roles": [["name": "alice", "memberOf": ["a\u{0}b"]]]], "spec.roles[0].memberOf[0]",
            "character zero"),
        BadSpec(
            "a zero in a comment", ["roles": [["name": "alice", "comment": "a\u{0}b"]]], "spec.roles[0].comment",
            "character zero"),
        BadSpec(
            "a limit below none", ["roles": [["name": "alice", "connectionLimit": -2]]],
            "spec.roles[0].connectionLimit", "-1"),
        BadSpec("itself to follow", ["standby": ["host": "demo"]], "spec.standby.host", "this very cluster"),
        BadSpec("no port", ["standby": ["host": "a", "port": 0]], "spec.standby.port", "between 1 and 65535"),
        BadSpec(
            "a slot no server would make", ["standby": ["host": "a", "primarySlotName": "site-b"]],
            "spec.standby.primarySlotName", "a to z"),
        BadSpec("a standby cluster of nobody", ["standby": ["port": 5432]], "spec.standby.host", "required"),
        BadSpec(
            "callbacks of no ConfigMap", ["callbacks": ["configMapName": "Demo_callbacks"]],
            "spec.callbacks.configMapName", "name of a ConfigMap"),
        BadSpec(
            "callbacks that may take for ever", ["callbacks": ["configMapName": "a", "timeout": 0]],
            "spec.callbacks.timeout", "between 1 and 3600"),
        BadSpec(
            "ICU without a locale", ["bootstrap": ["initdb": ["localeProvider": "icu"]]],
            "spec.bootstrap.initdb.icuLocale", "localeProvider icu needs icuLocale"),
        BadSpec(
            "an ICU locale without ICU", ["bootstrap": ["initdb": ["icuLocale": "de-DE"]]],
            "spec.bootstrap.initdb.icuLocale", "icuLocale needs localeProvider icu"),
        BadSpec(
            "a builtin locale nobody has", ["bootstrap": ["initdb": ["localeProvider": "builtin", "locale": "de_DE"]]],
            "spec.bootstrap.initdb.locale", "C.UTF-8", "PG_UNICODE_FAST"),
        BadSpec(
            "a builtin locale in LATIN1",
            ["bootstrap": ["initdb": ["localeProvider": "builtin", "encoding": "LATIN1"]]],
            "spec.bootstrap.initdb.encoding", "UTF8"),
        BadSpec(
            "a WAL segment of 3 MiB", ["bootstrap": ["initdb": ["walSegmentSize": "3Mi"]]],
            "spec.bootstrap.initdb.walSegmentSize", "allowed words"),
        BadSpec(
            "PostgreSQL's own database", ["bootstrap": ["initdb": ["database": "template1"]]],
            "spec.bootstrap.initdb.database", "template0"),
        BadSpec(
            "a role of the agents' as owner", ["bootstrap": ["initdb": ["owner": "replicator"]]],
            "spec.bootstrap.initdb.owner", "which the agents need"),
        BadSpec(
            "a database whose owner would be everybody", ["bootstrap": ["initdb": ["database": "public"]]],
            "spec.bootstrap.initdb.database", "a role of its own name"),
        BadSpec(
            "a name PostgreSQL keeps for itself", ["bootstrap": ["initdb": ["owner": "pg_shop"]]],
            "spec.bootstrap.initdb.owner", "not with pg_"),
        BadSpec(
            "a database that has to be quoted", ["bootstrap": ["initdb": ["database": "Shop"]]],
            "spec.bootstrap.initdb.database", "a to z"),
        BadSpec(
            "a database with too long a name",
            ["bootstrap": ["initdb": ["database": .string(String(repeating: "s", count: 64))]]],
            "spec.bootstrap.initdb.database", "63"),
        BadSpec(
            "a Secret nobody can make", ["bootstrap": ["initdb": ["secretName": "Shop_login"]]],
            "spec.bootstrap.initdb.secretName", "name of a Secret"),
        BadSpec("no instances", ["instances": 0], "spec.instances", "between 1 and 32"),
        BadSpec("too many instances", ["instances": 33], "spec.instances", "between 1 and 32"),
        BadSpec(
            "wal_level minimal", ["postgresql": ["parameters": ["wal_level": "minimal"]]],
            "spec.postgresql.parameters.wal_level", "replica", "logical"),
        BadSpec(
            "too few walsenders for twelve instances",
            ["instances": 12, "postgresql": ["parameters": ["max_wal_senders": "10"]]],
            "spec.postgresql.parameters.max_wal_senders", "10", "at least 25 with 12 instances", "2 × instances + 1"),
        BadSpec(
            "too few slots for thirty-two instances",
            ["instances": 32, "postgresql": ["parameters": ["max_replication_slots": "33"]]],
            "spec.postgresql.parameters.max_replication_slots", "33", "at least 34 with 32 instances"),
        BadSpec(
            "too few connections for thirty instances",
            ["instances": 30, "postgresql": ["parameters": ["max_connections": "43"]]],
            "spec.postgresql.parameters.max_connections", "43", "at least 44 with 30 instances"),
        BadSpec(
            "a pg_hba line that is none", ["postgresql": ["pgHBA": ["local all all peer", "hots all all all md5"]]],
            "spec.postgresql.pgHBA[1]", "connection type"),
        BadSpec(
            "a parameter the agent owns", ["postgresql": ["parameters": ["listen_addresses": "*"]]],
            "spec.postgresql.parameters.listen_addresses", "cannot be set"),
        BadSpec(
            "profile and timings",
            ["highAvailability": ["profile": "fast", "ttl": 30, "loopWait": 5, "retryTimeout": 5]],
            "spec.highAvailability.profile", "not both"),
        BadSpec(
            "ttl alone", ["highAvailability": ["ttl": 30]], "spec.highAvailability", "given together"),
        BadSpec(
            "synchronous replication in a word nobody knows",
            ["highAvailability": ["synchronous": ["mode": "please"]]], "spec.highAvailability.synchronous.mode",
            "please"),
        BadSpec(
            "more strict standbys than replicas",
            ["highAvailability": ["synchronous": ["mode": "quorum", "standbys": 3, "strict": true]]],
            "spec.highAvailability.synchronous.standbys", "must be less than spec.instances, which is 3"),
        BadSpec(
            "no standby to wait for", ["highAvailability": ["synchronous": ["mode": "on", "standbys": 0]]],
            "spec.highAvailability.synchronous.standbys", "between 1 and 31"),
        BadSpec(
            "strict without a mode", ["highAvailability": ["synchronous": ["mode": "off", "strict": true]]],
            "spec.highAvailability.synchronous", "need mode on or quorum"),
        BadSpec(
            "a parameter the synchronous mode decides",
            [
                "highAvailability": ["synchronous": ["mode": "on"]],
                "postgresql": ["parameters": ["synchronous_standby_names": "*"]],
            ], "spec.postgresql.parameters.synchronous_standby_names", "cannot be set"),
        BadSpec(
            "a size that is none", ["storage": ["size": "ten"]], "spec.storage.size", "not a quantity", "10Gi"),
        BadSpec("a tiny volume", ["storage": ["size": "1Mi"]], "spec.storage.size", "64Mi"),
        BadSpec(
            "a forced switchover to nobody", ["switchover": ["mode": "forced"]], "spec.switchover.candidate",
            "needs a candidate"),
        BadSpec(
            "an override of a stranger", ["instanceOverrides": [["name": "other-1"]]],
            "spec.instanceOverrides[0].name", "demo-0"),
        BadSpec(
            "a source that is itself", overrides(["demo-1": "demo-1"]),
            "spec.instanceOverrides[0].tags.replicatefrom", "from itself"),
        BadSpec(
            "a source that does not exist", overrides(["demo-1": "demo-3"]),
            "spec.instanceOverrides[0].tags.replicatefrom", "not a member", "demo-0 to demo-2"),
        BadSpec(
            "sources in a loop", overrides(["demo-0": "demo-2", "demo-1": "demo-0", "demo-2": "demo-1"]),
            "spec.instanceOverrides[0].tags.replicatefrom", "demo-0 from demo-2 from demo-1 from demo-0"),
        BadSpec(
            "a source and nostream",
            ["instanceOverrides": [["name": "demo-1", "tags": ["replicatefrom": "demo-0", "nostream": true]]]],
            "spec.instanceOverrides[0].tags.replicatefrom", "contradicts nostream"),
        BadSpec(
            "a label of ours", ["podMetadata": ["labels": ["role": "primary"]]], "spec.podMetadata.labels",
            "operator sets itself"),
        BadSpec("an image of nothing", ["image": " "], "spec.image", "container image"),
        BadSpec(
            "text beyond its bound", ["switchover": ["id": .string(String(repeating: "é", count: 129))]],
            "spec.switchover.id", "at most 128 characters"),
        BadSpec(
            "more secrets than the schema holds",
            ["imagePullSecrets": .array((0..<17).map { .string("s\($0)") })], "spec.imagePullSecrets",
            "at most 16 entries"),
        BadSpec(
            "more labels than the schema holds",
            ["podMetadata": ["labels": JSONValue(Dictionary(uniqueKeysWithValues: (0..<65).map { ("k\($0)", "v") }))]],
            "spec.podMetadata.labels", "at most 64 entries"),
        BadSpec(
            "an override given twice", ["instanceOverrides": [["name": "demo-1"], ["name": "demo-1"]]],
            "spec.instanceOverrides[1].name", "given twice"),
        BadSpec(
            "an encoding with a line feed", ["bootstrap": ["initdb": ["encoding": "UTF8\n"]]],
            "spec.bootstrap.initdb.encoding", "must match"),
    ]

    private static func overrides(_ sources: [String: String]) -> JSONValue {
        let list = sources.sorted { $0.key < $1.key }.map { name, source -> JSONValue in
            ["name": .string(name), "tags": ["replicatefrom": .string(source)]]
        }
        return ["instanceOverrides": .array(list)]
    }

    @Test(arguments: ["[fd00::1]", "[::ffff:10.0.0.1]", "10.0.0.1", "site-a.example"])
    func `a remote server is a name, an address, or an IPv6 address in brackets`(_ host: String) throws {
        #expect(try validate(demo(["standby": ["host": .string(host)]]), previous: nil) == [])
    }

    @Test func `a chain of sources that ends is accepted`() throws {
        #expect(try validate(demo(Self.overrides(["demo-1": "demo-0", "demo-2": "demo-1"])), previous: nil) == [])
    }

    @Test(arguments: badSpecs)
    func `a bad spec is refused with its path, value and rule`(_ bad: BadSpec) throws {
        let problems = try validate(demo(bad.changes), previous: nil)
        let problem = try #require(problems.first { $0.path == bad.path }, "found \(problems)")
        for part in bad.mentions { #expect(problem.description.contains(part)) }
    }

    static let unreadable = [
        BadSpec("text for a number", ["instances": "three"], "spec.instances", "a whole number", "three"),
        BadSpec(
            "a number for a parameter", ["postgresql": ["parameters": ["max_connections": 200]]],
            "spec.postgresql.parameters.max_connections", "quotes", "200"),
        BadSpec(
            "a word that is none", ["switchover": ["mode": "sometimes"]],
            "spec.switchover.mode", "allowed words", "sometimes"),
        BadSpec(
            "a bare boolean for text", ["switchover": ["id": false]],
            "spec.switchover.id", "quotes", "false"),
        BadSpec(
            "a family nobody knows", ["service": ["ipFamilies": ["IPv5"]]], "spec.service.ipFamilies[0]",
            "allowed words",
            "IPv5"),
        BadSpec(
            "a list for an object", ["postgresql": []], "spec.postgresql", "an object"),
        BadSpec(
            "text for a list", ["postgresql": ["pgHBA": "local all all peer"]], "spec.postgresql.pgHBA", "a list"),
        BadSpec(
            "a time that is none", ["switchover": ["notBefore": "tomorrow"]], "spec.switchover.notBefore", "tomorrow"),
    ]

    @Test(arguments: unreadable)
    func `a spec that cannot be decoded names the value that does not fit`(_ bad: BadSpec) throws {
        let problems = try validate(demo(bad.changes), previous: nil)
        #expect(problems.map(\.path) == [bad.path])
        for part in bad.mentions { #expect(problems.first?.description.contains(part) == true, "\(problems)") }
    }

    @Test func `what the schema refuses is not refused a second time`() throws {
        let problems = try validate(
            demo(["postgresql": ["parameters": ["wal_level": "minimal"]], "storage": ["size": "1Mi"]]), previous: nil)
        #expect(problems.map(\.path) == ["spec.postgresql.parameters.wal_level", "spec.storage.size"])
        #expect(problems.map(\.source) == [.rule, .knowledge(.amounts)])
    }

    @Test func `an amount no volume can have is told from a text that is none`() throws {
        for (size, source) in [("9999999Ei", SpecProblem.Source.knowledge(.amounts)), ("ten", .schema)] {
            let problems = try validate(demo(["storage": ["size": .string(size)]]), previous: nil)
            #expect(problems.map(\.source) == [source], "\(problems)")
        }
    }

    @Test func `an unknown field is left unread`() throws {
        let cluster = try demo(["novelty": ["deep": 1], "highAvailability": ["novelty": true]])
        #expect(validate(cluster, previous: nil) == [])
        #expect(cluster.spec == (try demo().spec))
    }

    @Test func `a missing field is named`() throws {
        let object: JSONValue = ["metadata": ["name": "demo"], "spec": ["image": "x"]]
        let problems = validate(try object.decoded(), previous: nil)
        #expect(problems.map(\.description) == ["spec.storage: is required"])
    }

    @Test(arguments: ["p", "pg", "pgx", "pg-x", "p_", "postgresql", "shop", "_shop", "shop-2", "a0"])
    func `names that begin almost like PostgreSQL's own are taken`(_ name: String) throws {
        let initdb: JSONValue = ["database": .string(name), "owner": .string(name), "secretName": "shop.login"]
        #expect(try validate(demo(["bootstrap": ["initdb": initdb]]), previous: nil) == [])
    }

    @Test func `bootstrap and lockObject cannot change once the data are made`() throws {
        var status = PostgresClusterStatus()
        let before = try demo().spec.get()
        status.bootstrap = before.bootstrap
        status.lockObject = .configMap
        let changed = try demo([
            "bootstrap": ["initdb": ["dataChecksums": false]], "highAvailability": ["lockObject": "Endpoints"],
        ])
        #expect(validate(changed, previous: nil) == [])
        let problems = validate(changed, previous: status)
        #expect(problems.map(\.path) == ["spec.bootstrap", "spec.highAvailability.lockObject"])
        #expect(problems.first?.message.contains("cannot change") == true)
        #expect(try validate(demo(), previous: status) == [])
    }

    @Test(arguments: ["Demo", "1demo", "demo-", "demo.x", String(repeating: "d", count: 51), ""])
    func `a name that makes no Service is refused`(_ name: String) throws {
        var cluster = try demo()
        cluster.metadata.name = name
        #expect(validate(cluster, previous: nil).map(\.path).contains("metadata.name"))
    }

    @Test func `one bad resource does not keep a list from being read`() throws {
        let list: JSONValue = [
            ["metadata": ["name": "bad"], "spec": ["instances": "many"], "status": ["members": 7]],
            ["metadata": ["name": "good"], "spec": minimalSpec],
        ]
        let clusters: [PostgresCluster] = try list.decoded()
        #expect(clusters.map { $0.metadata.name } == ["bad", "good"])
        #expect(throws: SpecProblem.self) { try clusters[0].spec.get() }
        #expect(try clusters[1].spec.get().instances == 3)
    }
}
