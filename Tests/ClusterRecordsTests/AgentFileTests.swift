import ClusterRecords
import HighAvailability
import KubernetesModels
import PostgresConfiguration
import Testing

/// The agent file: what the operator writes is what the agents read.
@Suite struct AgentFileTests {
    @Test func `the file is read as it was written`() throws {
        for seed in Drawing.seeds {
            var drawing = Drawing(seed: seed)
            let file = drawing.agentFile()
            #expect(try AgentFile(json: JSONValue(parsing: file.json.serialized())) == file, "seed \(seed)")
            #expect(try AgentFile(json: Odd.grown(file.json)) == file, "seed \(seed)")
            for key in (file.json.objectValue ?? [:]).keys {
                for section in Odd.variants(of: file.json[key] ?? [:]) {
                    var odd = file.json
                    odd[key] = section
                    // Refused or read; either is an answer.
                    do { _ = try AgentFile(json: odd) } catch { #expect(!error.path.isEmpty) }
                }
            }
        }
    }

    @Test(arguments: ["null", "7", "[]", "{}", #"{"tags":7,"callbacks":[],"bootstrap":"x"}"#])
    func `what a file does not say has its default`(_ text: String) throws {
        #expect(try AgentFile(json: JSONValue(parsing: text)) == AgentFile())
    }

    @Test func `only a file that asks for it has the agent write the route`() throws {
        #expect(try AgentFile(json: [:]).route == nil)
        #expect(try AgentFile(json: ["route": ["kind": "EndpointSlice"]]).route == RouteSettings())
        let owner: JSONValue = [
            "apiVersion": "matriarch.dev/v1", "kind": "PostgresCluster", "name": "demo", "uid": "u",
        ]
        #expect(
            try AgentFile(json: ["route": ["kind": "EndpointSlice", "owner": owner]]).route
                == RouteSettings(
                    owner: RouteOwner(apiVersion: "matriarch.dev/v1", kind: "PostgresCluster", name: "demo", uid: "u")))
    }

    @Test(arguments: [
        (#"{"route": {"kind": "Endpoints"}}"#, "route.kind: Endpoints: must be EndpointSlice"),
        (#"{"route": {}}"#, "route.kind: must be EndpointSlice"),
        (
            #"{"route": {"kind": "EndpointSlice", "owner": {"name": "demo"}}}"#,
            #"route.owner: {"name":"demo"}: needs apiVersion, kind, name and uid"#
        ),
        (#"{"lockObject": "Lease"}"#, "lockObject: Lease: must be ConfigMap or Endpoints"),
        (#"{"callbacks": {"timeout": 0}}"#, "callbacks.timeout: 0: must be 1 to 3600 seconds"),
        (#"{"callbacks": {"timeout": "60"}}"#, #"callbacks.timeout: "60": must be 1 to 3600 seconds"#),
        (
            #"{"bootstrap": {"initdb": {"walSegmentMegabytes": 3}}}"#,
            "bootstrap.initdb.walSegmentMegabytes: 3: must be a power of two up to 1024"
        ),
        (
            #"{"bootstrap": {"initdb": {"localeProvider": "x"}}}"#,
            "bootstrap.initdb.localeProvider: x: must be one of libc, icu, builtin"
        ),
        (
            #"{"bootstrap": {"initdb": {"application": {"database": "shop"}}}}"#,
            #"bootstrap.initdb.application: {"database":"shop"}: needs database, owner and secret"#
        ),
        (
            #"{"bootstrap": {"initdb": {"scripts": [{"field": "postInitSQL[0]", "database": "application", "key": "s"}]}}}"#,
            "bootstrap.initdb.scripts: postInitSQL[0]: needs field, database (maintenance or application), and text, or configMap "
                + "and key"
        ),
        (#"{"watchdog": {"mode": "on"}}"#, "watchdog.mode: on: must be off, automatic or required"),
        (#"{"watchdog": {"driver": "x"}}"#, "watchdog.driver: x: must be default or testing"),
        (
            #"{"watchdog": {"safety_margin": -2}}"#,
            "watchdog.safety_margin: -2.0: must be -1 or a number of seconds up to 3600"
        ),
    ])
    func `what cannot be used is refused with where it stands and the rule`(_ text: String, _ message: String) throws {
        let json = try JSONValue(parsing: text)
        let problem = #expect(throws: Problem.self) { try AgentFile(json: json) }
        #expect(problem?.description == message)
        #expect(problem?.refuser == .agent)
    }

    @Test func `the file is written as earlier operators wrote it`() {
        var initdb = InitdbOptions()
        initdb.walSegmentMegabytes = 64
        let file = AgentFile(
            cluster: "demo", initdb: initdb, tags: ["demo-1": MemberTags(failoverPriority: 0)],
            callbackLimit: .seconds(20), route: RouteSettings())
        #expect(
            file.json.serialized()
                == #"{"bootstrap":{"initdb":{"dataChecksums":true,"encoding":"UTF8","locale":"C.UTF-8","#
                + #""walSegmentMegabytes":64}},"callbacks":{"timeout":20},"cluster":"demo","lockObject":"ConfigMap","#
                + #""route":{"kind":"EndpointSlice"},"tags":{"demo-1":{"failover_priority":0}}}"#)
    }
}

extension Drawing {
    fileprivate mutating func agentFile() -> AgentFile {
        var initdb = InitdbOptions()
        initdb.dataChecksums = flag()
        initdb.encoding = text()
        initdb.locale = text()
        initdb.localeProvider = one(of: InitdbOptions.LocaleProvider.allCases)
        initdb.icuLocale = maybe { $0.text() }
        initdb.walSegmentMegabytes = maybe { 1 << $0.next(below: 11) }
        initdb.application = maybe { ApplicationDatabase(name: $0.text(), owner: $0.text(), secret: $0.text()) }
        initdb.scripts = list {
            BootstrapScript(
                field: $0.text(), database: $0.one(of: BootstrapScript.Database.allCases),
                source: $0.flag()
                    ? .text($0.text())
                    : .mounted(.init(configMap: $0.text(), key: $0.text())))
        }
        let names = list { $0.member() }
        let owner = maybe { RouteOwner(apiVersion: $0.text(), kind: $0.text(), name: $0.text(), uid: $0.text()) }
        return AgentFile(
            cluster: maybe { $0.text() }, lockObject: one(of: LockObject.allCases), initdb: initdb,
            copiesRemote: flag(),
            tags: Dictionary(names.map { ($0, tags()) }) { $1 },
            watchdog: WatchdogSettings(
                mode: one(of: WatchdogSettings.Mode.allCases), driver: one(of: WatchdogSettings.Driver.allCases),
                device: text(), safetyMargin: maybe { $0.one(of: [.zero, .seconds(-1), .milliseconds(2500)]) }),
            callbackLimit: .seconds(1 + next(below: 3600)), route: maybe { _ in RouteSettings(owner: owner) })
    }
}
