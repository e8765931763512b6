import ClusterRecords
import HighAvailability
import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import PostgresConfiguration
import Testing
import Units

/// From the spec, through the operator's objects, to what an agent reads there.
@Suite struct AgentContractTests {
    private static let spec: JSONValue = [
        "instances": 4, "paused": true,
        "bootstrap": [
            "initdb": [
                "dataChecksums": false, "encoding": "LATIN1", "locale": "de_DE", "localeProvider": "icu",
                "icuLocale": "de-DE", "walSegmentSize": "64Mi",
            ]
        ],
        "callbacks": ["configMapName": "programs", "timeout": 20],
        "highAvailability": [
            "ttl": 30, "loopWait": 4, "retryTimeout": 8, "fenceMargin": 5, "maximumLagOnFailover": "2Mi",
            "failsafe": false, "primaryStartTimeout": 60, "primaryStopTimeout": 45,
            "synchronous": ["mode": "quorum", "standbys": 2, "strict": true],
        ],
        "standby": ["host": "[fd00::1]", "port": 5433, "primarySlotName": "site_b"],
        "postgresql": [
            "parameters": ["work_mem": "8MB"], "pgHBA": ["local all all scram-sha-256"], "pgIdent": ["map a b"],
        ],
        "instanceOverrides": [
            [
                "name": "demo-2",
                "tags": [
                    "nofailover": true, "failoverPriority": 3, "noloadbalance": true, "clonefrom": true, "nosync": true,
                    "syncPriority": 4, "zone": "b", "replicatefrom": "demo-0",
                ],
            ], ["name": "demo-3", "tags": ["nostream": true]],
        ],
    ]

    @Test func `every setting of the spec that agents know is read by them as it was meant`() throws {
        var world = World(Self.spec)
        try world.settle()
        let text = world[store: "demo-config"]["config"]?.stringValue
        let (read, problems) = DynamicConfiguration.reading(annotation: text, former: DynamicConfiguration())
        #expect(problems == [])
        #expect(
            read
                == DynamicConfiguration(
                    timings: Timings(
                        ttl: .seconds(30), loopWait: .seconds(4), retryTimeout: .seconds(8), fenceMargin: .seconds(5)),
                    maximumLagOnFailover: .mebibytes(2), isPaused: true,
                    synchronous: SynchronousPolicy(mode: .quorum, standbys: 2, isStrict: true), usesFailsafe: false,
                    primaryStartTimeout: .seconds(60), primaryStopTimeout: .seconds(45),
                    standbyCluster: StandbyCluster(host: "fd00::1", port: 5433, slot: "site_b"), instances: 4,
                    parameters: ["work_mem": "8MB", "max_slot_wal_keep_size": "5120MB"],
                    hostBasedAuthentication: ["local all all scram-sha-256"],
                    identityMap: ["map a b"]))
    }

    @Test func `what agents read before the store, tags above all, is what the spec says`() throws {
        var world = World(Self.spec)
        try world.settle()
        let object = world.observed.objects[ObjectKey(ConfigMap.resource, "demo-agent")]
        let text = try #require(object?.value(at: "data", AgentFile.name)?.stringValue)
        var initdb = InitdbOptions()
        initdb.dataChecksums = false
        initdb.encoding = "LATIN1"
        initdb.locale = "de_DE"
        initdb.localeProvider = .icu
        initdb.icuLocale = "de-DE"
        initdb.walSegmentMegabytes = 64
        #expect(
            try AgentFile(json: JSONValue(parsing: text))
                == AgentFile(
                    cluster: "demo", initdb: initdb, copiesRemote: true,
                    tags: [
                        "demo-2": MemberTags(
                            isExcludedFromFailover: true, failoverPriority: 3, isExcludedFromLoadBalancing: true,
                            isCloneSource: true, isExcludedFromSynchronous: true, synchronousPriority: 4, zone: "b",
                            replicatesFrom: "demo-0"),
                        "demo-3": MemberTags(streamsFromNobody: true),
                    ], callbackLimit: .seconds(20),
                    route: RouteSettings(
                        owner: RouteOwner(
                            apiVersion: PostgresCluster.resource.apiVersion, kind: "PostgresCluster", name: "demo",
                            uid: "u-1"))))
    }
    // MARK: A field on its whole way

    /// What an agent makes of a spec, once the operator has written it into the store.
    private static func settings(_ spec: JSONValue) throws -> (DynamicConfiguration, PostgresSettings) {
        var world = World(spec)
        try world.settle()
        let text = world[store: "demo-config"]["config"]?.stringValue
        let (read, problems) = DynamicConfiguration.reading(annotation: text, former: DynamicConfiguration())
        #expect(problems == [])
        return (read, try PostgresSettings(read, clusterName: "demo", version: nil))
    }

    /// For each property of `spec.postgresql` a value, and what a server's files have of it.
    private static func example(_ key: PostgreSQLSpec.CodingKeys) -> (spec: JSONValue, written: String) {
        switch key {
        case .parameters: (["work_mem": "8MB"], "\nwork_mem = '8MB'\n")
        case .pgHBA: (["local all app peer"], "\nlocal all app peer\n")
        case .pgIdent: (["site /^(.*)@here$ \\1"], "\nsite /^(.*)@here$ \\1\n")
        }
    }

    @Test(arguments: PostgreSQLSpec.CodingKeys.allCases)
    func `each property of the servers' section arrives in their files`(key: PostgreSQLSpec.CodingKeys) throws {
        let (value, written) = Self.example(key)
        let (_, settings) = try Self.settings(["postgresql": [key.rawValue: value]])
        let files = ServerFiles(
            settings: settings, role: .primary,
            placement: ServerFiles.Placement(
                listenAddresses: "*", port: 5432, socketDirectory: "/run", passwordFile: "/run/pgpass",
                memberName: "demo-0"),
            access: InternalAccess(
                superuser: "postgres", replication: "replicator", rewind: "rewind", trustedSystemUsers: []),
            version: ServerVersion(major: 15, minor: 20))
        let text = files.configuration + files.hostBasedAuthentication + files.userNameMaps
        #expect(text.contains(written))
    }

    /// For each property of `spec.highAvailability` a value that is not its default; nil for what is in the agent file.
    private static func example(_ key: HighAvailabilitySpec.CodingKeys) -> JSONValue? {
        switch key {
        case .profile: "fast"
        case .ttl: 41
        case .loopWait: 3
        case .retryTimeout: 4
        case .fenceMargin: 2
        case .lockObject: nil
        case .maximumLagOnFailover: "7Mi"
        case .failsafe: false
        case .primaryStartTimeout: 77
        case .primaryStopTimeout: 78
        case .synchronous: ["mode": "on"]
        // Of the operator alone.
        case .reinitializeReplicasWithoutWAL: nil
        }
    }

    @Test(arguments: HighAvailabilitySpec.CodingKeys.allCases)
    func `each property of high availability makes a difference to the agents`(
        key: HighAvailabilitySpec.CodingKeys
    ) throws {
        guard let value = Self.example(key) else { return }
        let (plain, _) = try Self.settings([:])
        let (read, _) = try Self.settings(["highAvailability": [key.rawValue: value]])
        #expect(read != plain)
    }
}
