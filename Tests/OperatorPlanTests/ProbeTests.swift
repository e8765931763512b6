import ClusterRecords
import KubernetesModels
import PostgresClusterAPI
import Testing

@testable import OperatorPlan

/// Where the kubelet asks: on a port of its own, as soon as the agents of an image answer there, and never at the cost of a
/// restart.
@Suite struct ProbeTests {
    private static let before = "matriarch-postgres:15"
    private static let after = "matriarch-postgres:15-next"
    private static let probes = ["startupProbe", "livenessProbe", "readinessProbe"]

    private func container(_ world: World) throws -> JSONValue {
        try #require(
            world.observed.objects[ObjectKey(StatefulSet.resource, "demo")]?
                .value(at: "spec", "template", "spec", "containers")?[0])
    }

    private func ports(_ world: World) throws -> [Int] {
        try container(world)["ports"]?.arrayValue?.compactMap { $0["containerPort"]?.intValue } ?? []
    }

    /// The port all three are asked at; nil when they differ.
    private func asked(_ world: World) throws -> String? {
        let container = try container(world)
        let ports = Set(Self.probes.compactMap { container.value(at: $0, "httpGet", "port")?.stringValue })
        return ports.count == 1 ? ports.first : nil
    }

    private func template(_ world: World) throws -> JSONValue? {
        world.observed.objects[ObjectKey(StatefulSet.resource, "demo")]?.value(at: "spec", "template")
    }

    /// Three members that run, made by this operator or by one that knew of no such port.
    private func running(hasPort: Bool) throws -> World {
        var world = hasPort ? try World.running() : try World.madeBeforeProbePorts()
        world.run(3, leader: 0, serverVersion: 150_020)
        world.reportRevision("r1")
        try world.settle()
        return world
    }

    @Test func `a new cluster is asked on the port of the probes, which no Service leads to`() throws {
        var world = World()
        try world.settle()
        #expect(try ports(world) == [5432, 8008, 8009])
        #expect(try asked(world) == "probes")
        let paths = try Self.probes.map { try container(world).value(at: $0, "httpGet", "path") }
        #expect(paths == ["/liveness", "/liveness", "/readiness"])
        for (key, body) in world.observed.objects where key.resource == Service.resource {
            let led = body.value(at: "spec", "ports")?.arrayValue?.compactMap { $0["port"]?.intValue } ?? []
            #expect(!led.contains(MemberPod.probePort), "\(key)")
        }
    }

    @Test func `a cluster of before is left as it is, whatever changes but its image`() throws {
        var world = try running(hasPort: false)
        let before = try template(world)
        #expect(try asked(world) == "agent")
        #expect(try ports(world) == [5432, 8008])
        world.patch(["instances": 5, "networkPolicy": [:], "paused": true])
        try world.settle()
        #expect(try template(world) == before)
        world.patch(["resources": ["requests": ["cpu": "2"]]])
        try world.settle()
        #expect(try asked(world) == "agent")
    }

    /// Whether the probes have their port, what a new image says, and whether they have it then.
    static let changes: [(hasPort: Bool, answer: String, getsPort: Bool)] = [
        (false, "15.21 probes", true), (false, "15.21", false), (true, "15.21 probes", true), (true, "15.21", false),
        (false, "15.21 backups", false), (true, "15.21 backups probes", true),
    ]

    @Test(arguments: changes)
    func `the probes move with the image, to where its agents answer`(
        hasPort: Bool, answer: String, getsPort: Bool
    ) throws {
        var world = try running(hasPort: hasPort)
        let former = try template(world)
        world.patch(["image": .string(Self.after)])
        try world.settle()
        #expect(try template(world) == former)
        world.answerImageCheck(answer)
        try world.settle()
        #expect(try container(world)["image"] == .string(Self.after))
        #expect(try asked(world) == (getsPort ? "probes" : "agent"))
        #expect(try ports(world) == [5432, 8008] + (getsPort ? [8009] : []))
        // What was said is remembered by the template alone from now on.
        world.reportRevision("r2")
        try world.settle()
        #expect(try world.status.image == nil)
        #expect(try asked(world) == (getsPort ? "probes" : "agent"))
        // The way back: the former image says what it said.
        world.patch(["image": .string(Self.before)])
        try world.settle()
        world.answerImageCheck(hasPort ? "15.20 probes" : "15.20")
        try world.settle()
        #expect(try template(world) == former)
    }

    @Test func `an image that may not be taken moves no probe`() throws {
        for answer in ["17.12 probes", "probes"] {
            var world = try running(hasPort: false)
            let former = try template(world)
            world.patch(["image": .string(Self.after)])
            try world.settle()
            world.answerImageCheck(answer)
            try world.settle()
            #expect(try template(world) == former)
        }
    }

    /// The operator of before had asked it for the version alone.
    @Test func `of an image that was asked by an operator of before nothing else is believed`() throws {
        var world = try running(hasPort: false)
        world.patch(["image": .string(Self.after)])
        world.cluster = world.cluster.merging([
            "status": [
                "image": [
                    "image": .string(Self.after), "phase": "Answered", "postgresVersion": "15.21",
                    "askedAt": .string(world.now.description),
                ]
            ]
        ])
        try world.settle()
        #expect(try container(world)["image"] == .string(Self.after))
        #expect(try asked(world) == "agent")
    }

    @Test(arguments: [true, false])
    func `a StatefulSet that is made again around its Pods asks where the former one did`(hasPort: Bool) throws {
        var world = try running(hasPort: hasPort)
        let before = try template(world)
        world.observed.objects[ObjectKey(StatefulSet.resource, "demo")] = nil
        try world.settle()
        #expect(try template(world) == before)
    }
}

extension ProbeTests {
    @Test func `what nobody could be asked about is asked where every agent answers`() throws {
        // Its data is whole, its Pods went with the StatefulSet, and the image may be of before.
        var world = try running(hasPort: true)
        world.observed.objects[ObjectKey(StatefulSet.resource, "demo")] = nil
        world.observed.pods = []
        try world.settle()
        #expect(try asked(world) == "agent")
        // A cluster that never came to have data takes another image unasked.
        var beginning = World()
        try beginning.settle()
        #expect(try asked(beginning) == "probes")
        beginning.patch(["image": .string(Self.after)])
        try beginning.settle()
        #expect(try container(beginning)["image"] == .string(Self.after))
        #expect(try asked(beginning) == "agent")
    }
}

extension World {
    /// A cluster as an operator made it whose agents had no port for probes.
    static func madeBeforeProbePorts() throws -> World {
        var world = World()
        try world.settle()
        let key = ObjectKey(StatefulSet.resource, "demo")
        world.observed.objects[key] = withoutProbePort(try #require(world.observed.objects[key]))
        try world.settle()
        return world
    }

    /// A StatefulSet as an operator applies it that knows of no such port.
    static func withoutProbePort(_ set: JSONValue) -> JSONValue {
        let containers = set.value(at: "spec", "template", "spec", "containers")?.arrayValue ?? []
        let former = containers.map { container -> JSONValue in
            let ports = container["ports"]?.arrayValue?.filter { $0["name"] != .string(MemberPod.probePortName) }
            let probe: JSONValue = ["httpGet": ["port": "agent"]]
            return container.merging([
                "ports": .array(ports ?? []), "startupProbe": probe, "livenessProbe": probe, "readinessProbe": probe,
            ])
        }
        return set.merging(["spec": ["template": ["spec": ["containers": .array(former)]]]])
    }
}
