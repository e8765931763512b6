import ClusterRecords
import KubernetesClient
import KubernetesModels
import TestSupport
import Testing

/// `matriarch demote-cluster` and `promote-cluster`, as people run them.
@Suite(.timeLimit(.minutes(3))) struct ClusterRoleTests {
    private static let remote: JSONValue = [
        "enabled": true, "host": "a.example", "port": 5433, "primarySlotName": "site_b",
    ]

    private func line(_ standby: JSONValue? = nil, leader: String = "primary") async throws -> CommandLineLab {
        let line = try await CommandLineLab(cluster: standby.map { ["standby": $0] } ?? [:])
        try await line.bringUp()
        try await line.lab.putMember(0, role: leader)
        try await passOn(standby, line)
        return line
    }

    /// What the operator would write for the members.
    private func passOn(_ standby: JSONValue?, _ line: CommandLineLab) async throws {
        let configuration: JSONValue =
            standby.map {
                ["standby_cluster": ["host": $0["host"] ?? .null, "port": $0["port"] ?? .null]]
            } ?? [:]
        try await line.lab.annotate("demo-config", [StoreKey.configuration: .string(configuration.serialized())])
    }

    @Test func `a cluster is demoted: the section is written, and the leader's new role waited for`() async throws {
        let line = try await line()
        // What keeps the primary from it is told.
        let reason = "not demoting to a standby cluster: the remote server does not answer"
        let status: JSONValue = [
            "role": "primary", "state": "running", "timeline": 1, "xlog_location": 100, "problem": .string(reason),
        ]
        try await say(status, line)
        let arguments = ["--host", "a.example", "--port", "5433", "--primary-slot-name", "site_b", "--force"]
        let vain = try await line.run(["demote-cluster", "demo"] + arguments + ["--timeout", "5"])
        #expect(try await line.spec()["standby"] == Self.remote)
        #expect(vain.status == 1 && vain.output == "", "\(vain)")
        #expect(
            vain.error.contains(" s: requested\n") && vain.error.contains(" s: demo-0 is Leader, running: \(reason)\n"))
        #expect(vain.error.contains("Error: cluster demo is not demoted after "), "\(vain.error)")

        async let outcome = line.run("demote-cluster", "demo", "--host", "b.example", "--force")
        let changed: JSONValue = ["enabled": true, "host": "b.example", "port": 5432]
        try await eventually("the other server", { try await line.spec()["standby"] }) { $0 == changed }
        try await passOn(changed, line)
        try await line.lab.putMember(0, role: "standby_leader")
        let end = try await outcome
        #expect(end.status == 0, "\(end)")
        #expect(end.output.hasPrefix("demo cluster is successfully demoted\nDone in "))
        #expect(end.error.hasSuffix(" s: demo-0 is Standby Leader, running\n"))
        let again = try await line.run("demote-cluster", "demo", "--host", "a.example", "--force")
        #expect(again.status == 1 && again.error == "Error: Cluster is already in the required state\n")
    }

    @Test func `a standby cluster is promoted, and demoted again to the server it still names`() async throws {
        let line = try await line(Self.remote, leader: "standby_leader")
        async let promotion = line.run("promote-cluster", "demo", "--force")
        try await eventually("it is turned off", { try await line.spec().value(at: "standby", "enabled") }) {
            $0 == false
        }
        try await passOn(nil, line)
        try await line.lab.putMember(0, role: "primary", timeline: 2)
        let promoted = try await promotion
        #expect(promoted.status == 0, "\(promoted)")
        #expect(promoted.output.hasPrefix("demo cluster is successfully promoted\nDone in "))
        let again = try await line.run("promote-cluster", "demo", "--force")
        #expect(again.status == 1 && again.error == "Error: Cluster is already in the required state\n")

        let back = try await line.run("demote-cluster", "demo", "--force", "--no-wait")
        #expect(back.status == 0 && back.output == "", "\(back)")
        #expect(try await line.spec()["standby"] == Self.remote)
    }

    /// Whoever holds the lock leads in every list, whatever its server is.
    @Test func `a standby that holds the lock is not promoted yet, however long its promotion takes`() async throws {
        let line = try await line(Self.remote, leader: "standby_leader")
        try await passOn(nil, line)
        let reason = "the promotion takes long: it waits for restore_command"
        try await say(
            [
                "role": "replica", "state": "running", "timeline": 1, "xlog_location": 100, "problem": .string(reason),
            ], line)
        let vain = try await line.run("promote-cluster", "demo", "--force", "--timeout", "5")
        #expect(vain.status == 1 && vain.output == "", "\(vain)")
        #expect(vain.error.contains(" s: demo-0 holds the lock as replica, running: \(reason)\n"), "\(vain.error)")
        // Nor is it in the required state when somebody asks again.
        let again = try await line.run("promote-cluster", "demo", "--force", "--no-wait")
        #expect(again.status == 0, "\(again)")
        try await line.lab.putMember(0, role: "primary", timeline: 2)
        let promoted = try await line.run("promote-cluster", "demo", "--force")
        #expect(promoted.status == 1 && promoted.error == "Error: Cluster is already in the required state\n")
    }

    @Test func `a demotion that was refused is taken back once the members go by that`() async throws {
        let line = try await line(Self.remote, leader: "primary")
        let reason = "not demoting to a standby cluster: the remote server does not answer"
        let status: JSONValue = ["role": "primary", "state": "running", "timeline": 1, "xlog_location": 100]
        try await say(status.applying(mergePatch: ["problem": .string(reason)]), line)
        let vain = try await line.run("promote-cluster", "demo", "--force", "--timeout", "5")
        #expect(vain.status == 1 && vain.output == "" && vain.error.contains(": \(reason)"), "\(vain)")
        #expect(try await line.spec().value(at: "standby", "enabled") == false)
        // Nor while nobody has told the members, though no member says a word.
        try await say(status, line)
        let untold = try await line.run("promote-cluster", "demo", "--force", "--timeout", "5")
        #expect(untold.status == 1 && untold.output == "", "\(untold)")
        #expect(
            untold.error.contains(": demo-0 is Leader, running: the operator has not passed spec.standby on"),
            "\(untold.error)")
        try await passOn(nil, line)
        let end = try await line.run("promote-cluster", "demo", "--force")
        #expect(end.status == 1 && end.error == "Error: Cluster is already in the required state\n", "\(end)")
    }

    @Test func `a spec the operator cannot read is left as it is`() async throws {
        // An amount that a schema allows.
        let line = try await CommandLineLab(cluster: ["standby": Self.remote, "storage": ["size": "9999999Ei"]])
        try await line.bringUp()
        try await line.lab.putMember(0, role: "standby_leader")
        for command in [["promote-cluster", "demo"], ["demote-cluster", "demo", "--host", "b.example"]] {
            let outcome = try await line.run(command + ["--force"])
            #expect(outcome.status == 1 && outcome.output == "", "\(outcome)")
            #expect(
                outcome.error.hasPrefix(
                    "Error: the operator cannot read the spec of cluster demo, so nothing of it is carried out: "
                        + "spec.storage.size: "), "\(outcome.error)")
        }
        #expect(try await line.spec()["standby"] == Self.remote)
    }

    @Test func `what does not come about is exit status 1 with its reason and the way back`() async throws {
        let line = try await line(Self.remote, leader: "standby_leader")
        let outcome = try await line.run("promote-cluster", "demo", "--force", "--timeout", "5")
        #expect(outcome.status == 1 && outcome.output == "")
        let last = outcome.error.split(separator: "\n").last ?? ""
        #expect(last.hasPrefix("Error: cluster demo is not promoted after "), "\(outcome.error)")
        #expect(
            last.hasSuffix(
                ": demo-0 is Standby Leader, running. spec.standby goes on asking for it; "
                    + "to take it back: matriarch demote-cluster demo"))
    }

    @Test func `nothing is written where it could not be carried out, or nobody said yes`() async throws {
        let line = try await line()
        for (arguments, status, message) in [
            (["demote-cluster", "demo", "--host", "a.example"], 1, "not a terminal: use --force"),
            (["demote-cluster", "demo", "--force"], 1, "--host is needed: the spec of cluster demo names no remote"),
            (["demote-cluster", "demo", "--port", "5433"], 64, "--port and --primary-slot-name go with --host."),
            (["demote-cluster", "demo", "--host", "a", "--port", "0"], 64, "--port must be between 1 and 65535."),
            (["promote-cluster", "demo", "--force"], 1, "Cluster is already in the required state"),
            (["promote-cluster", "demo", "--timeout", "4"], 64, "--timeout must be between 5 and 86400 seconds."),
            (["promote-cluster"], 64, "Missing expected argument '<cluster>'"),
            (["demote-cluster", "demo", "--host", "fd00::1:5433", "--force"], 1, "an IPv6 address stands in brackets"),
        ] {
            let outcome = try await line.run(arguments)
            #expect(outcome.status == status && outcome.error.contains(message), "\(arguments): \(outcome)")
        }
        let no = try await line.runOnTerminal("demote-cluster", "demo", "--host", "a.example", typing: "n\n")
        #expect(no.status == 1 && no.output.contains("Aborted cluster demotion"), "\(no.output)")
        #expect(no.output.contains("what that server never received is given up"))
        let remote = try await self.line(Self.remote, leader: "standby_leader")
        let promotion = try await remote.runOnTerminal("promote-cluster", "demo", typing: "n\n")
        #expect(promotion.status == 1 && promotion.output.contains("Aborted cluster promotion"), "\(promotion.output)")
        #expect(promotion.output.contains("If spec.standby is kept in Git, change it there first"))
        #expect(try await remote.spec()["standby"] == Self.remote)
        try await line.lab.annotate("demo-config", ["config": #"{"pause": true}"#])
        let paused = try await line.run("demote-cluster", "demo", "--host", "a.example", "--force")
        #expect(paused.error.contains("Cluster demo is paused, demotion is not possible"), "\(paused.error)")
        try await line.lab.annotate("demo-config", ["config": "{}"])
        try await line.lab.annotate("demo-leader", ["leader": .null])
        let headless = try await line.run("demote-cluster", "demo", "--host", "a.example", "--force")
        #expect(headless.error == "Error: Cluster has no leader, demotion is not possible\n")
        #expect(try await line.spec()["standby"] == nil)
    }

    /// What the leader would publish.
    private func say(_ status: JSONValue, _ line: CommandLineLab) async throws {
        _ = try await line.lab.client.mergePatchRaw(
            Pod.resource, name: "demo-0", namespace: line.lab.namespace,
            body: ["metadata": ["annotations": [StoreKey.memberStatus: .string(status.serialized())]]])
    }
}
