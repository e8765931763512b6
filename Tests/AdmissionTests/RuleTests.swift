import KubernetesModels
import PostgresClusterAPI
import Testing

/// A rule with specs that break it and specs that keep it, each merged over the smallest one.
struct RuleCase: Sendable, CustomTestStringConvertible {
    let rule: Rule
    /// Where the server reports it.
    let path: String
    let breaking: [JSONValue]
    let keeping: [JSONValue]

    var testDescription: String { rule.message }
}

@Suite struct RuleTests {
    private static func availability(_ members: JSONValue) -> JSONValue { ["highAvailability": members] }
    private static func synchronous(_ members: JSONValue) -> JSONValue { availability(["synchronous": members]) }
    private static func parameters(_ members: JSONValue) -> JSONValue { ["postgresql": ["parameters": members]] }

    private static func service(_ members: JSONValue) -> JSONValue { ["service": members] }
    private static func clients(_ peer: JSONValue) -> JSONValue { ["networkPolicy": ["postgresql": [peer]]] }
    private static func initdb(_ members: JSONValue) -> JSONValue { ["bootstrap": ["initdb": members]] }

    private static func role(_ members: [String: JSONValue]) -> JSONValue {
        ["roles": [.object(["name": "alice"].merging(members) { $1 })]]
    }

    static let cases: [RuleCase] = [
        RuleCase(
            rule: HighAvailabilitySpec.rules[0], path: "spec.highAvailability",
            breaking: [
                availability(["profile": "fast", "ttl": 30, "loopWait": 5, "retryTimeout": 5]),
                availability(["profile": "default", "fenceMargin": 3]),
            ],
            keeping: [
                availability(["profile": "fast"]), availability(["ttl": 30, "loopWait": 5, "retryTimeout": 5]), [:],
            ]),
        RuleCase(
            rule: HighAvailabilitySpec.rules[1], path: "spec.highAvailability",
            breaking: [
                availability(["ttl": 30]), availability(["loopWait": 5, "retryTimeout": 5]),
                availability(["fenceMargin": 4]),
            ],
            keeping: [availability(["ttl": 30, "loopWait": 5, "retryTimeout": 5, "fenceMargin": 4]), [:]]),
        RuleCase(
            rule: HighAvailabilitySpec.rules[2], path: "spec.highAvailability",
            breaking: [
                availability(["ttl": 25, "loopWait": 10, "retryTimeout": 10]),
                availability(["ttl": 33, "loopWait": 10, "retryTimeout": 10]),
                availability(["ttl": 34, "loopWait": 10, "retryTimeout": 10, "fenceMargin": 4]),
            ],
            keeping: [
                availability(["ttl": 34, "loopWait": 10, "retryTimeout": 10]),
                availability(["ttl": 32, "loopWait": 10, "retryTimeout": 10, "fenceMargin": 1]),
            ]),
        RuleCase(
            rule: SynchronousSpec.rules[0], path: "spec.highAvailability.synchronous",
            breaking: [synchronous(["mode": "off", "strict": true]), synchronous(["standbys": 2])],
            keeping: [
                synchronous([:]), synchronous(["mode": "off", "standbys": 1, "strict": false]),
                synchronous(["mode": "on", "standbys": 2, "strict": true]),
                synchronous(["mode": "quorum", "standbys": 2]),
            ]),
        RuleCase(
            rule: SwitchoverRequest.rules[0], path: "spec.switchover",
            breaking: [["switchover": ["mode": "forced"]]],
            keeping: [
                ["switchover": ["mode": "forced", "candidate": "demo-1"]], ["switchover": [:]],
                ["switchover": ["mode": "planned"]],
            ]),
        RuleCase(
            rule: PostgreSQLSpec.rules[0], path: "spec.postgresql",
            breaking: [parameters(["wal_level": "minimal"])],
            keeping: [
                parameters(["wal_level": "logical"]), parameters(["wal_level": "replica"]), parameters([:]),
                parameters(["max_connections": "200"]), ["postgresql": ["pgHBA": ["local all all peer"]]],
            ]),
        RuleCase(
            rule: ServiceSpec.rules[0], path: "spec.service",
            breaking: [service(["ipFamilies": ["IPv6", "IPv6"], "ipFamilyPolicy": "RequireDualStack"])],
            keeping: [
                service(["ipFamilies": ["IPv6", "IPv4"], "ipFamilyPolicy": "RequireDualStack"]),
                service(["ipFamilies": ["IPv6"]]), service(["ipFamilies": []]), service([:]),
            ]),
        RuleCase(
            rule: ServiceSpec.rules[1], path: "spec.service",
            breaking: [
                service(["ipFamilies": ["IPv6", "IPv4"]]),
                service(["ipFamilies": ["IPv4", "IPv6"], "ipFamilyPolicy": "SingleStack"]),
            ],
            keeping: [
                service(["ipFamilies": ["IPv4", "IPv6"], "ipFamilyPolicy": "PreferDualStack"]),
                service(["ipFamilies": ["IPv6"], "ipFamilyPolicy": "SingleStack"]),
            ]),
        RuleCase(
            rule: NetworkPeer.rules[0], path: "spec.networkPolicy.postgresql[0]", breaking: [clients([:])],
            keeping: [
                clients(["podSelector": [:]]), clients(["namespaceSelector": ["matchLabels": ["team": "shop"]]]),
                clients(["podSelector": [:], "namespaceSelector": [:]]), clients(["ipBlock": ["cidr": "10.0.0.0/8"]]),
                ["networkPolicy": ["postgresql": [], "agents": []]], ["networkPolicy": [:]],
            ]),
        RuleCase(
            rule: NetworkPeer.rules[1], path: "spec.networkPolicy.postgresql[0]",
            breaking: [
                clients(["ipBlock": ["cidr": "10.0.0.0/8"], "podSelector": [:]]),
                clients(["ipBlock": ["cidr": "10.0.0.0/8"], "namespaceSelector": [:]]),
            ],
            keeping: [clients(["ipBlock": ["cidr": "fd00::/8", "except": ["fd00:1::/32"]]])]),
        RuleCase(
            rule: InitDBSpec.rules[0], path: "spec.bootstrap.initdb",
            breaking: [initdb(["icuLocale": "und"]), initdb(["icuLocale": "und", "localeProvider": "libc"])],
            keeping: [initdb(["icuLocale": "de-DE", "localeProvider": "icu"]), initdb([:]), [:]]),
        RuleCase(
            rule: InitDBSpec.rules[1], path: "spec.bootstrap.initdb",
            breaking: [initdb(["localeProvider": "icu"])],
            keeping: [initdb(["localeProvider": "icu", "icuLocale": "und"]), initdb(["localeProvider": "libc"])]),
        RuleCase(
            rule: InitDBSpec.rules[2], path: "spec.bootstrap.initdb",
            breaking: [initdb(["localeProvider": "builtin", "locale": "de_DE.UTF-8"])],
            keeping: [
                initdb(["localeProvider": "builtin"]),
                initdb(["localeProvider": "builtin", "locale": "PG_UNICODE_FAST"]),
                initdb(["localeProvider": "libc", "locale": "de_DE.UTF-8"]),
            ]),
        RuleCase(
            rule: InitDBSpec.rules[3], path: "spec.bootstrap.initdb",
            breaking: [initdb(["localeProvider": "builtin", "encoding": "LATIN1"])],
            keeping: [
                initdb(["localeProvider": "builtin", "locale": "C", "encoding": "LATIN1"]),
                initdb(["encoding": "LATIN1"]),
            ]),
        RuleCase(
            rule: InitDBSpec.rules[4], path: "spec.bootstrap.initdb",
            breaking: ["postgres", "template0", "template1"].map { initdb(["database": $0, "owner": "shop"]) },
            keeping: [initdb(["database": "shop"]), initdb(["database": "replicator", "owner": "shop"])]),
        RuleCase(
            rule: InitDBSpec.rules[5], path: "spec.bootstrap.initdb",
            breaking: ["postgres", "replicator", "rewinder", "public", "none"].map { initdb(["owner": $0]) },
            keeping: [initdb(["owner": "shop"]), initdb(["owner": "template1", "secretName": "shop-login"])]),
        RuleCase(
            rule: InitDBSpec.rules[6], path: "spec.bootstrap.initdb",
            breaking: ["replicator", "rewinder", "public", "none"].map { initdb(["database": $0]) },
            keeping: [initdb(["database": "public", "owner": "shop"]), initdb(["database": "shop"])]),
        RuleCase(
            rule: RoleSpec.rules[0], path: "spec.roles[0]",
            breaking: ["postgres", "replicator", "rewinder", "public", "none"].map { role(["name": .string($0)]) },
            keeping: [role([:]), role(["name": "app"]), role(["name": "postgres2"]), ["roles": []]]),
        RuleCase(
            rule: RoleSpec.rules[1], path: "spec.roles[0]",
            breaking: [role(["disablePassword": true, "passwordSecret": ["name": "alice"]])],
            keeping: [
                role(["disablePassword": true]), role(["passwordSecret": ["name": "alice", "key": "a.b_c-d"]]),
                role(["disablePassword": false, "passwordSecret": ["name": "alice"]]),
                role([
                    "ensure": "absent", "login": false, "superuser": true, "createdb": true, "createrole": true,
                    "inherit": false, "replication": true, "bypassrls": true, "connectionLimit": -1,
                    "validUntil": "2031-02-03T04:05:06Z", "memberOf": ["pg_monitor"], "comment": "of the shop",
                ]),
            ]),
    ]

    @Test(arguments: cases)
    func `a spec that breaks a rule is refused, by the server and by the operator in the same words`(
        _ ruleCase: RuleCase
    ) async throws {
        let admission = try await Admission()
        for changes in ruleCase.breaking {
            let object = admission.object(merged(minimalSpec, changes))
            let answer = try await admission.answer(to: object)
            #expect(answer.message.contains("\(ruleCase.path): Invalid value:"), "\(changes): \(answer)")
            #expect(answer.message.contains(": \(ruleCase.rule.message)"), "\(changes): \(answer)")
            let problems = validate(try object.decoded(), previous: nil)
            #expect(problems.contains { $0.message == ruleCase.rule.message && $0.source == .rule }, "\(problems)")
            #expect(problems.allSatisfy { $0.path.hasPrefix(ruleCase.path) }, "\(problems)")
        }
    }

    @Test(arguments: cases)
    func `a spec that keeps a rule is accepted by both`(_ ruleCase: RuleCase) async throws {
        let admission = try await Admission()
        for changes in ruleCase.keeping {
            let object = admission.object(merged(minimalSpec, changes))
            let answer = try await admission.answer(to: object)
            #expect(answer.isAccepted, "\(changes): \(answer)")
            #expect(validate(try object.decoded(), previous: nil) == [], "\(changes)")
        }
    }

    /// A rule that is added to the schema must be tried here, or in ``ImmutabilityTests``.
    @Test func `every rule of the schema is tried both ways`() {
        var rules: Set<Rule> = []
        var seen: [any SchemaObject.Type] = []
        func visit(_ type: any SchemaObject.Type) {
            guard !seen.contains(where: { $0 == type }) else { return }
            seen.append(type)
            rules.formUnion(type.rules)
            for (_, field) in type.fields {
                rules.formUnion(field.rules)
                for nested in field.shape.objects { visit(nested) }
            }
        }
        visit(PostgresClusterSpec.self)
        visit(PostgresClusterStatus.self)
        let tried = Self.cases.map(\.rule) + ImmutabilityTests.cases.map(\.rule)
        #expect(rules == Set(tried), "not tried: \(rules.subtracting(tried).map(\.message))")
        #expect(Self.cases.allSatisfy { !$0.breaking.isEmpty && !$0.keeping.isEmpty && !$0.rule.isTransition })
    }
}

extension Shape {
    /// The objects that stand directly inside.
    var objects: [any SchemaObject.Type] {
        switch self {
        case .object(let type): [type]
        case .list(let element, _, _), .map(let element, _): element.objects
        case .text, .choice, .integer, .boolean, .quantity, .timestamp, .passthrough: []
        }
    }
}
