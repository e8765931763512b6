import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import Testing

/// Families of the Services' addresses, as API servers of different ages keep them.
@Suite struct ServiceFamilyTests {
    private static let names = ["demo", "demo-ro"]

    private func spec(_ world: World, _ name: String) throws -> JSONValue {
        try #require(world.observed.objects[ObjectKey(Service.resource, name)]?["spec"])
    }

    private func applied(_ plan: Plan) -> [String] {
        plan.changes.compactMap {
            if case .apply(let key, _) = $0, key.resource == Service.resource { key.name } else { nil }
        }
    }

    /// What the API server makes of what it was given; a null takes a field away.
    private func store(_ fields: [String: JSONValue], in world: inout World) {
        for name in Self.names {
            let key = ObjectKey(Service.resource, name)
            var spec = world.observed.objects[key]?["spec"]?.objectValue ?? [:]
            for (field, value) in fields {
                spec.removeValue(forKey: field)
                if !value.isNull { spec[field] = value }
            }
            world.observed.objects[key]?["spec"] = .object(spec)
        }
    }

    private static let both: JSONValue = [
        "service": ["ipFamilyPolicy": "PreferDualStack", "ipFamilies": ["IPv6", "IPv4"]]
    ]

    @Test func `both Services of the clients get policy and families, the members' own gets neither`() throws {
        var world = World(Self.both)
        try world.settle()
        for name in Self.names {
            #expect(try spec(world, name)["ipFamilyPolicy"] == "PreferDualStack")
            #expect(try spec(world, name)["ipFamilies"] == ["IPv6", "IPv4"])
        }
        #expect(try spec(world, "demo-pods")["ipFamilyPolicy"] == nil)
    }

    @Test func `without a wish the Services say nothing of families`() throws {
        var world = World(["service": ["ipFamilies": []]])
        try world.settle()
        for name in Self.names {
            #expect(try spec(world, name)["ipFamilyPolicy"] == nil && spec(world, name)["ipFamilies"] == nil)
        }
        // What the server fills in is no difference.
        store(["ipFamilyPolicy": "SingleStack", "ipFamilies": ["IPv4"]], in: &world)
        #expect(try applied(world.planned()) == [])
    }

    /// Kubernetes 1.20 without the feature IPv6DualStack.
    @Test func `a server that drops the fields is given them once, and again only when the spec changes`() throws {
        var world = World()
        try world.settle()
        world.patch(Self.both)
        #expect(try applied(world.planned()) == Self.names)
        try world.settle()
        store(["ipFamilyPolicy": .null, "ipFamilies": .null], in: &world)
        #expect(try applied(world.planned()) == [])
        world.patch(["service": ["ipFamilyPolicy": "RequireDualStack"]])
        #expect(try applied(world.planned()) == Self.names)
    }

    @Test func `a second family the server adds is left alone, a lost policy is put back`() throws {
        var world = World(["service": ["ipFamilyPolicy": "PreferDualStack", "ipFamilies": ["IPv6"]]])
        try world.settle()
        store(["ipFamilies": ["IPv6", "IPv4"]], in: &world)
        #expect(try applied(world.planned()) == [])
        store(["ipFamilyPolicy": "SingleStack", "ipFamilies": ["IPv6"]], in: &world)
        #expect(try applied(world.planned()) == Self.names)
    }

    @Test func `the first family cannot change, also one that nobody had asked for`() throws {
        var world = World()
        try world.settle()
        store(["ipFamilyPolicy": "SingleStack", "ipFamilies": ["IPv4"]], in: &world)
        world.patch(["service": ["ipFamilies": ["IPv6"]]])
        let plan = try world.planned()
        #expect(applied(plan) == [])
        try world.settle()
        #expect(try world.condition(.configurationValid) == "False InvalidSpec")
        #expect(
            try world.status.condition(.configurationValid)?.message
                == "spec.service.ipFamilies[0]: IPv6: cannot change; the Services were made with IPv4")
        world.patch(["service": ["ipFamilyPolicy": "RequireDualStack", "ipFamilies": ["IPv4", "IPv6"]]])
        #expect(try applied(world.planned()) == Self.names)
    }
}
