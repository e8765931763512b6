import ClusterRecords
import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import Testing

/// Who reaches the members, as the policy says it; that a plug-in obeys it is Kubernetes' own promise.
@Suite struct NetworkPolicyTests {
    private static let key = ObjectKey(.networkPolicy, "demo-members")
    private static let members: JSONValue = [
        "podSelector": ["matchLabels": ["cluster-name": "demo", "app.kubernetes.io/component": "postgres"]]
    ]
    private static let shop: JSONValue = ["podSelector": ["matchLabels": ["app": "shop"]]]
    private static let monitoring: JSONValue = ["namespaceSelector": ["matchLabels": ["name": "monitoring"]]]
    private static let office: JSONValue = ["ipBlock": ["cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]]]

    private static func ports(_ numbers: Int...) -> JSONValue {
        .array(numbers.map { ["port": JSONValue($0), "protocol": "TCP"] })
    }

    private static func rule(_ from: JSONValue..., to numbers: Int...) -> JSONValue {
        ["from": .array(from), "ports": .array(numbers.map { ["port": JSONValue($0), "protocol": "TCP"] })]
    }

    private static let amongThemselves = rule(members, to: 5432, 8008)
    private static let everybody: JSONValue = ["ports": ports(5432)]

    private func policy(_ world: World) -> JSONValue? { world.observed.objects[Self.key] }

    private func made(_ section: JSONValue?) throws -> World {
        var world = World(section.map { ["networkPolicy": $0] } ?? [:])
        try world.settle()
        return world
    }

    /// What the spec says, and the rules of ingress that come of it; nil: no policy.
    static let table: [(section: JSONValue?, ingress: [JSONValue]?)] = [
        (nil, nil),
        ([:], [amongThemselves, everybody]),
        (["enabled": true], [amongThemselves, everybody]),
        (["enabled": false], nil),
        (["enabled": false, "postgresql": [shop], "agents": [monitoring]], nil),
        (["postgresql": []], [amongThemselves]),
        (["postgresql": [], "agents": []], [amongThemselves]),
        (["agents": []], [amongThemselves, everybody]),
        (["postgresql": [shop]], [amongThemselves, rule(shop, to: 5432)]),
        (["postgresql": [shop, office]], [amongThemselves, rule(shop, office, to: 5432)]),
        (["agents": [monitoring]], [amongThemselves, everybody, rule(monitoring, to: 8008)]),
        (
            ["postgresql": [office], "agents": [monitoring, shop]],
            [amongThemselves, rule(office, to: 5432), rule(monitoring, shop, to: 8008)]
        ),
        (["postgresql": [["podSelector": [:]]]], [amongThemselves, rule(["podSelector": [:]], to: 5432)]),
    ]

    @Test(arguments: table.indices)
    func `the policy lets in the members, and whom the spec names`(row: Int) throws {
        let (section, ingress) = Self.table[row]
        let world = try made(section)
        guard let ingress else {
            #expect(policy(world) == nil)
            return
        }
        let spec = try #require(policy(world)?["spec"])
        #expect(spec["podSelector"] == Self.members["podSelector"])
        #expect(spec["policyTypes"] == ["Ingress"])
        #expect(spec["ingress"] == .array(ingress))
        #expect(try world.planned().isEmpty)
    }

    /// An empty list, or none, is everybody in the language of NetworkPolicies.
    @Test(arguments: table.indices)
    func `no rule opens a port to everybody but PostgreSQL's, and that one only where the spec names nobody`(row: Int)
        throws
    {
        let (section, _) = Self.table[row]
        for rule in policy(try made(section))?.value(at: "spec", "ingress")?.arrayValue ?? [] {
            #expect(rule["ports"]?.arrayValue?.isEmpty == false)
            guard rule["from"]?.arrayValue?.isEmpty != false else { continue }
            #expect(rule["ports"] == Self.ports(5432))
            #expect(section?["postgresql"] == nil)
        }
    }

    @Test func `the policy selects the members of this cluster as the StatefulSet labels them`() throws {
        let world = try made([:])
        let selected = try #require(
            policy(world)?.value(at: "spec", "podSelector", "matchLabels")?.objectValue)
        let labels = world.observed.objects[ObjectKey(StatefulSet.resource, "demo")]?
            .value(at: "spec", "template", "metadata", "labels")
        for (name, value) in selected { #expect(labels?[name] == value) }
        #expect(selected["cluster-name"] == "demo")
    }

    @Test func `the policy is there before a Pod is`() throws {
        var world = World(["networkPolicy": [:]])
        let applied = try world.settle().compactMap { change -> String? in
            if case .apply(let key, _) = change { key.resource.kind } else { nil }
        }
        let policy = try #require(applied.firstIndex(of: "NetworkPolicy"))
        #expect(policy < (try #require(applied.firstIndex(of: "StatefulSet"))))
    }

    @Test func `a policy that Kubernetes refuses keeps nothing else from being changed`() throws {
        var world = try made([:])
        world.patch(["networkPolicy": ["agents": [Self.monitoring]], "instances": 5])
        let changes = try world.planned().changes.compactMap { change -> String? in
            if case .apply(let key, _) = change { key.resource.kind } else { nil }
        }
        #expect(changes.last == "NetworkPolicy" && changes.contains("StatefulSet"))
    }

    @Test func `the Pods are the same with a policy and without`() throws {
        let path = ["spec", "template"]
        func template(_ world: World) -> JSONValue? {
            world.observed.objects[ObjectKey(StatefulSet.resource, "demo")]?.value(at: path[0], path[1])
        }
        #expect(template(try made([:])) == template(try made(nil)))
    }

    @Test func `a policy that was removed comes back`() throws {
        for section: JSONValue in [[:], ["agents": [Self.monitoring]]] {
            var world = try made(section)
            let before = policy(world)?["spec"]
            world.observed.objects[Self.key] = nil
            try world.settle()
            #expect(policy(world)?["spec"] == before)
        }
    }

    @Test(
        arguments: [
            ["podSelector": ["matchLabels": ["cluster-name": "other"]]], ["policyTypes": ["Egress"]], ["ingress": []],
            ["ingress": [[:]]],
            ["ingress": [["from": [members], "ports": ports(5432, 8008)], everybody, ["ports": ports(8008)]]],
            [
                "ingress": [
                    rule(members.merging(["namespaceSelector": [:]]), to: 5432, 8008), everybody,
                ]
            ],
            ["ingress": [["ports": ports(5432, 8008)], everybody]],
            ["policyTypes": ["Ingress", "Egress"], "egress": [[:]]],
        ] as [JSONValue])
    func `what somebody changed in the policy is put back, also what only adds to it`(_ edit: JSONValue) throws {
        var world = try made([:])
        let before = policy(world)?["spec"]
        world.observed.objects[Self.key] = policy(world)?.merging(["spec": edit])
        let changes = try world.planned().changes
        #expect(changes.count == 1)
        for change in changes { world.perform(change) }
        for key in ["podSelector", "policyTypes", "ingress"] {
            #expect(policy(world)?.value(at: "spec", key) == before?[key])
        }
    }

    /// Server-side apply takes out nothing of another manager, and an operator that tried would try for ever.
    @Test func `what has no effect on the policy is let be`() throws {
        var world = try made([:])
        world.observed.objects[Self.key] = policy(world)?.merging(["spec": ["egress": [[:]]]])
        #expect(try world.planned().isEmpty)
    }

    @Test func `a policy that is no longer wanted is removed, and one of somebody else stays`() throws {
        var world = try made([:])
        world.patch(["networkPolicy": ["enabled": false]])
        let changes = try world.settle()
        #expect(
            changes.contains { change in
                if case .delete(Self.key, uid: "uid-demo-members") = change { true } else { false }
            })
        #expect(policy(world) == nil)
        // So it is when the section is taken out.
        world.patch(["networkPolicy": ["enabled": true]])
        try world.settle()
        #expect(policy(world) != nil)
        world.cluster = world.cluster.merging(["spec": ["networkPolicy": .null]])
        try world.settle()
        #expect(policy(world) == nil)

        world.observed.objects[Self.key] = ["metadata": ["name": "demo-members"]]
        try world.settle()
        #expect(policy(world) != nil)
        #expect(try world.condition(.degraded) == "False Sound")
    }

    @Test func `a policy of somebody else with its name is left alone and named`() throws {
        var world = World(["networkPolicy": [:]])
        world.observed.objects[Self.key] = ["metadata": ["name": "demo-members"]]
        try world.settle()
        #expect(try world.condition(.degraded) == "True ObjectNotOurs")
        #expect(policy(world)?["spec"] == nil)
    }
}
