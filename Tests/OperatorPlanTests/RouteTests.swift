import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import Testing

@Suite struct RouteTests {
    private let service = ObjectKey(Service.resource, "demo")

    // MARK: A new cluster

    @Test func `the read-write Service selects nothing, and the agents are told to write its EndpointSlices`() throws {
        let world = try World.running()
        let spec = try #require(world.observed.objects[service]?["spec"])
        #expect(spec["selector"] == nil && spec["publishNotReadyAddresses"] == nil)
        #expect(spec["ports"]?[0]?["name"] == "postgres")
        let route = try #require(try agentFile(world)["route"])
        #expect(route["kind"] == "EndpointSlice")
        #expect(route.value(at: "owner", "uid") == "u-1" && route.value(at: "owner", "controller") == nil)
        let rules = slices(world)
        #expect(rules.first?["resourceNames"] == ["demo-primary", "demo-primary-ipv6"])
        #expect(rules.first?["verbs"] == ["get", "list", "watch", "patch"])
        #expect(rules.last?["verbs"] == ["create"])
    }

    @Test func `with the lock in Endpoints nobody writes an EndpointSlice`() throws {
        let world = try World.running(spec: ["highAvailability": ["lockObject": "Endpoints"]])
        #expect(world.observed.objects[service]?.value(at: "spec", "selector") == nil)
        #expect(try agentFile(world)["route"] == nil)
        #expect(slices(world).isEmpty)
    }

    @Test func `an API server without EndpointSlices gets a Service that selects the label, ready or not`() throws {
        var world = try former()
        #expect(world.takeEvents().filter { $0.hasPrefix("GroupVersionNotServed") }.count == 1)
        let spec = try #require(world.observed.objects[service]?["spec"])
        #expect(spec.value(at: "selector", "role") == "primary")
        #expect(spec["publishNotReadyAddresses"] == true)
        #expect(try agentFile(world)["route"] == nil)
    }

    // MARK: A cluster of an earlier version

    @Test func `the selector stays until the leader has written its slice, and goes for good then`() throws {
        var world = try former()
        world.observed.capabilities = Capabilities()
        try world.settle()
        #expect(try agentFile(world)["route"] != nil && !slices(world).isEmpty)
        #expect(selector(world) != nil)
        #expect(try world.planned().requeueAfter == .seconds(30))
        // Of the reign before, of another member, of a Pod that has gone, and of nobody known.
        for slice in [
            slice(epoch: 4), slice(holder: "demo-1"), slice(pod: "pod-0-r0"), slice(reign: "nonsense"),
            slice(pod: nil),
        ] {
            world.observed.route.slices = [slice]
            #expect(try world.settle().isEmpty, "\(slice)")
            #expect(selector(world) != nil)
        }
        world.observed.route.slices = [slice()]
        try world.settle()
        #expect(selector(world) == nil)
        #expect(world.observed.objects[service]?.value(at: "spec", "publishNotReadyAddresses") == nil)
        world.observed.route.slices = []
        #expect(try world.settle().isEmpty)
        #expect(selector(world) == nil)
    }

    @Test
    func `what Kubernetes leaves behind goes after the selector, the Endpoints first, and the leader's slice stays`()
        throws
    {
        var world = try former()
        world.observed.capabilities = Capabilities()
        world.observed.route = ObservedRoute(
            slices: [slice(), controllers("demo-x7k2p")], endpoints: ObjectMeta(name: "demo", uid: "e-1"))
        let first = try world.planned()
        #expect(!first.changes.contains { if case .delete = $0 { true } else { false } })
        #expect(first.requeueAfter == .seconds(2))
        for change in first.changes { world.perform(change) }
        #expect(selector(world) == nil)
        let second = try world.planned()
        #expect(
            second.changes.filter { if case .delete = $0 { true } else { false } } == [
                .delete(ObjectKey(Endpoints.resource, "demo"), uid: "e-1"),
                .delete(ObjectKey(.endpointSlice, "demo-x7k2p"), uid: "uid of demo-x7k2p"),
            ])
        #expect(second.requeueAfter == .seconds(2))
        try world.settle()
        #expect(world.observed.route == ObservedRoute(slices: [slice()]))
        #expect(try world.planned().isEmpty)
    }

    @Test func `without the leader's slice the former route stays`() throws {
        var world = try World.running()
        world[store: "demo-leader"] = ["matriarch.dev/epoch": "5"]
        world.observed.route = ObservedRoute(
            slices: [controllers("demo-x7k2p")], endpoints: ObjectMeta(name: "demo", uid: "e-1"))
        #expect(try world.planned().isEmpty)
        world.observed.route.slices.append(slice())
        #expect(try world.settle().count == 2)
    }

    @Test func `a slice of somebody else and a lock in Endpoints are left alone`() throws {
        var world = try World.running()
        world[store: "demo-leader"] = ["matriarch.dev/epoch": "5"]
        world.observed.route = ObservedRoute(
            slices: [slice(), controllers("by-hand", manager: "somebody.else")],
            endpoints: ObjectMeta(name: "demo", uid: "e-1", annotations: ["leader": "demo-0"]))
        #expect(try world.planned().isEmpty)
    }

    @Test func `a selector that somebody adds is taken off`() throws {
        var world = try World.running()
        world.observed.objects[service] = world.observed.objects[service]?.merging([
            "metadata": ["resourceVersion": "7"], "spec": ["selector": ["role": "replica"]],
        ])
        #expect(
            try world.planned().changes == [
                .patch(service, body: ["metadata": ["resourceVersion": "7"], "spec": ["selector": .null]])
            ])
        try world.settle()
        #expect(selector(world) == nil)
    }

    @Test
    func `under a leader of an earlier image the Service selects the label again, and the slice nobody moves goes`()
        throws
    {
        var world = try World.running()
        world[store: "demo-leader"] = ["leader": "demo-1", "matriarch.dev/epoch": "6"]
        world.observed.route.slices = [slice()]
        // Promoted, and yet to write its slice.
        world.observed.pods[1] = world.member(1, role: "primary")
        try world.settle()
        #expect(selector(world) == nil)
        var status = try JSONValue(parsing: world.observed.pods[1].metadata.annotations?["status"] ?? "")
        status["route"] = nil
        world.observed.pods[1].metadata.annotations = ["status": status.serialized()]
        try world.settle()
        #expect(selector(world)?["role"] == "primary")
        #expect(world.observed.route.slices == [slice()])
        world.observed.route.slices.append(controllers("demo-x7k2p"))
        let done = try world.settle().filter { if case .delete = $0 { true } else { false } }
        #expect(done == [.delete(ObjectKey(.endpointSlice, "demo-primary"), uid: "uid of demo-primary")])
        #expect(try world.planned().requeueAfter == .seconds(30))
    }

    // MARK: Nobody leads

    @Test func `a route to a Pod that is gone is emptied when nobody holds the lock, and only then`() throws {
        var world = try World.running()
        world.observed.route.slices = [slice()]
        world.observed.pods.removeFirst()
        #expect(try !empties(world.planned()))
        world[store: "demo-leader"] = ["leader": .null]
        let plan = try world.planned()
        #expect(
            plan.changes.contains(
                .patch(
                    ObjectKey(.endpointSlice, "demo-primary"),
                    body: ["metadata": ["resourceVersion": "12"], "endpoints": []])))
        for change in plan.changes { world.perform(change) }
        #expect(try !empties(world.planned()))
        world.observed.route.slices = [slice(pod: "pod-1-r1")]
        #expect(try !empties(world.planned()))
    }

    // MARK: Worlds

    /// As an operator without EndpointSlices has made it.
    private func former() throws -> World {
        var world = World(["instances": 3])
        world.observed.capabilities = Capabilities(endpointSlice: nil)
        try world.settle()
        world.run(3, leader: 0)
        world[store: "demo-leader"] = ["matriarch.dev/epoch": "5"]
        try world.settle()
        return world
    }

    /// As the agent of demo-0 writes it in epoch 5.
    private func slice(
        epoch: Int = 5, holder: String = "demo-0", pod: String? = "pod-0-r1", reign: String? = nil
    ) -> JSONValue {
        [
            "metadata": [
                "name": "demo-primary", "resourceVersion": "12", "uid": "uid of demo-primary",
                "labels": [
                    "kubernetes.io/service-name": "demo", "endpointslice.kubernetes.io/managed-by": "matriarch.dev",
                ],
                "annotations": [
                    "matriarch.dev/reign": .string(reign ?? "lock/\(epoch)/\(holder)/pod-0-r1/nonce")
                ],
            ],
            "addressType": "IPv4",
            "endpoints": .array(
                pod.map { [["addresses": ["10.0.0.7"], "targetRef": ["kind": "Pod", "uid": .string($0)]]] } ?? []),
        ]
    }

    private func controllers(
        _ name: String, manager: String = "endpointslice-controller.k8s.io"
    ) -> JSONValue {
        [
            "metadata": [
                "name": .string(name), "uid": .string("uid of \(name)"),
                "labels": [
                    "kubernetes.io/service-name": "demo",
                    "endpointslice.kubernetes.io/managed-by": .string(manager),
                ],
            ],
            "addressType": "IPv4", "endpoints": [["addresses": ["10.0.0.7"]]],
        ]
    }

    private func selector(_ world: World) -> JSONValue? {
        world.observed.objects[service]?.value(at: "spec", "selector")
    }

    private func empties(_ plan: Plan) -> Bool {
        plan.changes.contains { if case .patch = $0 { true } else { false } }
    }

    private func agentFile(_ world: World) throws -> JSONValue {
        let map = world.observed.objects[ObjectKey(ConfigMap.resource, "demo-agent")]
        return try JSONValue(parsing: map?.value(at: "data", "agent.json")?.stringValue ?? "null")
    }

    private func slices(_ world: World) -> [JSONValue] {
        let rules = world.observed.objects[ObjectKey(Role.resource, "demo")]?["rules"]?.arrayValue ?? []
        return rules.filter { $0["resources"] == ["endpointslices"] }
    }
}
