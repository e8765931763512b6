import ClusterRecords
import KubernetesModels
import PostgresClusterAPI
import Testing

@testable import OperatorPlan

/// Another image is asked for its PostgreSQL before a member runs it.
@Suite struct ImageTests {
    private static let fifteen = "matriarch-postgres:15"
    private static let other = "registry.example.com/postgres@sha256:0f0f"

    /// wanted, live, data, answer, verdict
    static let table: [(String, String?, Int?, Int?, ImageVerdict)] = [
        ("a", nil, nil, nil, .take), ("a", nil, 15, nil, .take), ("a", "a", 15, nil, .take), ("a", "a", 15, 17, .take),
        ("a", "b", nil, nil, .take), ("a", "b", nil, 17, .take), ("a", "b", 15, nil, .ask), ("a", "b", 15, 15, .take),
        ("a", "b", 15, 17, .refuse(image: 17, data: 15)), ("a", "b", 17, 15, .refuse(image: 15, data: 17)),
    ]

    @Test(arguments: table)
    func `an image is taken, asked or refused`(
        wanted: String, live: String?, data: Int?, answer: Int?, verdict: ImageVerdict
    ) {
        #expect(judgeImage(wanted: wanted, live: live, data: data, answer: answer) == verdict)
    }

    /// Three members on PostgreSQL 15.20, and a spec that has just got another image.
    private func changed() throws -> World {
        var world = World(["instances": 3])
        try world.settle()
        world.run(3, leader: 0, serverVersion: 150_020)
        try world.settle()
        world.reportRevision("r1")
        try world.settle()
        _ = world.takeEvents()
        #expect(try world.status.postgresVersion == "15.20")
        world.patch(["image": .string(Self.other)])
        try world.settle()
        return world
    }

    private func image(_ world: World) -> String? {
        world.observed.objects[ObjectKey(StatefulSet.resource, "demo")]?
            .value(at: "spec", "template", "spec", "containers")?[0]?["image"]?.stringValue
    }

    private func podsDeleted(_ changes: [Change]) -> [String] {
        changes.compactMap { change in
            guard case .delete(let key, _) = change, key.resource == Pod.resource else { return nil }
            return key.name
        }
    }

    @Test func `a new image is asked by a Pod of its own, and no member gets it before it has answered`() throws {
        let world = try changed()
        #expect(image(world) == Self.fifteen)
        #expect(try world.condition(.progressing) == "True AskingImage")
        #expect(try world.condition(.ready) == "True Healthy")
        #expect(try world.status.image?.phase == .asking)
        let check = try #require(world.observed.imageCheck?.statefulSet)
        let name = try #require(check.value(at: "metadata", "name")?.stringValue)
        // With the ten letters of a revision's hash it has to be a label.
        #expect(name.utf8.count + 11 <= 63)
        #expect(check.value(at: "metadata", "ownerReferences")?[0]?["uid"] == "u-1")
        let pod = try #require(check.value(at: "spec", "template", "spec"))
        let container = try #require(pod["containers"]?[0])
        #expect(container["image"] == .string(Self.other))
        #expect(container["command"] == ["/usr/local/bin/matriarch", "postgres-version"])
        #expect(pod["automountServiceAccountToken"] == false && pod["volumes"] == nil)
        #expect(container["volumeMounts"] == nil && container["ports"] == nil)
        #expect(container["env"] == [["name": "MATRIARCH_IMAGE_QUESTION", "value": "everything"]])
        // Pod Security Standard "restricted".
        #expect(pod["securityContext"]?["runAsNonRoot"] == true)
        #expect(pod["securityContext"]?["seccompProfile"] == ["type": "RuntimeDefault"])
        #expect(container["securityContext"]?["allowPrivilegeEscalation"] == false)
        #expect(container["securityContext"]?["capabilities"] == ["drop": ["ALL"]])
        // Members are found by these, and it is none.
        let labels = try #require(check.value(at: "spec", "template", "metadata", "labels"))
        #expect(labels[Labels.cluster] == nil && labels[Labels.role] == nil)
        #expect(labels[Labels.component] == "image-check")
        // It is looked at again soon: nobody watches its Pod.
        #expect(try world.planned().requeueAfter == .seconds(1))
    }

    @Test func `an image of the same major version is rolled out once it has said so, and asked no more`() throws {
        var world = try changed()
        world.answerImageCheck("15.21")
        let changes = try world.settle()
        #expect(image(world) == Self.other)
        #expect(world.observed.imageCheck == nil)
        #expect(podsDeleted(changes).isEmpty)
        world.reportRevision("r2")
        #expect(podsDeleted(try world.planned().changes) == ["demo-2"])
        // The template has it: nothing has to be remembered any more.
        try world.settle()
        #expect(try world.status.image == nil)
        #expect(try world.condition(.majorVersionChange) == "absent")
    }

    @Test func `an image of another major version is refused: no Pod goes, and the message says what to do`() throws {
        var world = try changed()
        world.answerImageCheck("17.12")
        let changes = try world.settle()
        #expect(image(world) == Self.fifteen)
        #expect(podsDeleted(changes).isEmpty)
        #expect(world.observed.imageCheck == nil)
        #expect(try world.condition(.majorVersionChange) == "True OtherMajorVersion")
        #expect(try world.condition(.progressing) == "True OtherMajorVersion")
        #expect(try world.condition(.ready) == "True Healthy")
        let message = try #require(try world.status.condition(.majorVersionChange)?.message)
        #expect(
            message
                == "\(Self.other) has PostgreSQL 17 and the data is of PostgreSQL 15: no member is restarted, they stay with "
                + "\(Self.fifteen). Set spec.image back to an image with PostgreSQL 15. To move to PostgreSQL 17, make a new "
                + "cluster and bring the data there by dump and restore or logical replication")
        #expect(world.takeEvents() == ["MajorVersionChange: \(message)"])
        #expect(try world.status.image?.postgresVersion == "17.12")
        // Asked once, said once.
        #expect(try world.planned().isEmpty)

        // Everything else of the spec goes on, with the image the members have.
        world.patch(["resources": ["requests": ["cpu": "2"]], "instances": 4])
        try world.settle()
        #expect(image(world) == Self.fifteen)
        #expect(world.replicas == 4)
        world.reportRevision("r2")
        #expect(try world.condition(.majorVersionChange) == "True OtherMajorVersion")

        world.patch(["image": .string(Self.fifteen), "instances": 3])
        try world.settle()
        #expect(try world.condition(.majorVersionChange) == "absent")
        #expect(try world.status.image == nil)
    }

    @Test(arguments: [
        "seventeen", "", "17", "17.12; 15.20", "usage: matriarch", "017.1",
    ])
    func `what is no version is no answer`(text: String) throws {
        var world = try changed()
        world.answerImageCheck(text)
        try world.settle()
        #expect(image(world) == Self.fifteen)
        #expect(try world.status.image?.phase == .asking)
        #expect(world.observed.imageCheck != nil)
    }

    @Test func `an image that cannot be pulled is named with the kubelet's words, and nothing is rolled`() throws {
        var world = try changed()
        world.describeImageCheck(
            ContainerState(waiting: ContainerStateWaiting(reason: "ImagePullBackOff", message: "no such image")))
        try world.settle()
        #expect(try world.condition(.progressing) == "True AskingImage")
        world.advance(120)
        let changes = try world.settle()
        #expect(podsDeleted(changes).isEmpty)
        #expect(image(world) == Self.fifteen)
        #expect(try world.condition(.progressing) == "True ImageNotAnswering")
        #expect(
            world.takeEvents() == [
                "ImageNotAnswering: \(Self.other) does not say which PostgreSQL it has: ImagePullBackOff: no such image"
            ])
        #expect(try world.status.image?.phase == .silent)
        #expect(try world.planned().isEmpty)
        // It came after all.
        world.answerImageCheck("15.21")
        try world.settle()
        #expect(image(world) == Self.other)
    }

    @Test func `an image without the command says so`() throws {
        var world = try changed()
        world.describeImageCheck(
            ContainerState(terminated: ContainerStateTerminated(exitCode: 64, message: "Unexpected argument")))
        try world.settle()
        let message = try #require(try world.status.condition(.progressing)?.message)
        #expect(message.hasSuffix("its container ended with exit code 64: Unexpected argument"), "\(message)")
    }

    @Test func `another image while one is asked is asked anew, and the first one's answer counts for nothing`() throws
    {
        var world = try changed()
        world.answerImageCheck("15.21")
        let second = "registry.example.com/postgres:next"
        world.patch(["image": .string(second)])
        try world.settle()
        #expect(image(world) == Self.fifteen)
        #expect(world.observed.imageCheck?.pod == nil)
        let check = world.observed.imageCheck?.statefulSet
        #expect(
            check?.value(at: "spec", "template", "spec", "containers")?[0]?["image"] == .string(second))
        #expect(try world.status.image?.image == second)
        #expect(try world.status.image?.postgresVersion == nil)
    }

    @Test func `the answer of a Pod that is not this question's counts for nothing`() throws {
        var world = try changed()
        world.answerImageCheck("15.21", owner: "of-another-statefulset")
        try world.settle()
        #expect(image(world) == Self.fifteen)
    }

    @Test func `the version is remembered while no server runs`() throws {
        var world = try changed()
        world.run(3, leader: 0)
        try world.settle()
        #expect(try world.status.postgresVersion == "15.20")
        world.answerImageCheck("17.12")
        try world.settle()
        #expect(try world.condition(.majorVersionChange) == "True OtherMajorVersion")
    }

    @Test func `a parameter the servers' version lacks is refused with the version that has it`() throws {
        var world = World(["instances": 3])
        try world.settle()
        world.run(3, leader: 0, serverVersion: 150_020)
        try world.settle()
        world.patch(["postgresql": ["parameters": ["io_method": "worker"]]])
        try world.settle()
        #expect(try world.condition(.configurationValid) == "False InvalidSpec")
        #expect(
            try world.status.condition(.configurationValid)?.message
                == "spec.postgresql.parameters.io_method: worker: does not exist in PostgreSQL 15: it came with PostgreSQL 18"
        )
    }
}
