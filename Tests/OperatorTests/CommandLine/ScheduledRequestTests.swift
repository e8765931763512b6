import ClusterRecords
import KubernetesClient
import KubernetesModels
import PostgresClusterAPI
import TestSupport
import Testing

@testable import CommandLineTool

/// `matriarch flush`, `remove`, `status` and `completion` as people run them.
@Suite(.timeLimit(.minutes(3))) struct ScheduledRequestTests {
    private static let restart: [String: JSONValue] = [
        "restart": ["notBefore": "2099-01-01T04:00:00Z", "onlyPending": true]
    ]

    @Test func `a scheduled switchover is called off, in the resource and in the store`() async throws {
        let line = try await CommandLineLab(
            cluster: ["switchover": ["candidate": "demo-1", "notBefore": "2099-01-01T04:00:00Z"]])
        try await line.bringUp()
        #expect(try await line.run("flush", "demo", "switchover").output == "Success: scheduled switchover deleted\n")
        #expect(try await line.spec()["switchover"] == nil)
        #expect(try await line.run("flush", "demo", "switchover").output == "No pending scheduled switchover\n")
        // One of Patroni's tools.
        try await line.lab.annotate(
            "demo-failover", ["leader": "demo-0", "member": "demo-1", "scheduled_at": "2099-01-01T04:00:00+00:00"])
        #expect(try await line.run("flush", "demo", "switchover").output == "Success: scheduled switchover deleted\n")
        #expect(try await line.lab.failover() == [:])
        // Both at once.
        try await line.lab.patch(["switchover": ["candidate": "demo-1", "notBefore": "2099-01-01T04:00:00Z"]])
        try await line.lab.annotate(
            "demo-failover", ["leader": "demo-0", "member": "demo-2", "scheduled_at": "2099-01-01T05:00:00+00:00"])
        #expect(try await line.run("flush", "demo", "switchover").output == "Success: scheduled switchover deleted\n")
        #expect(try await line.spec()["switchover"] == nil)
        #expect(try await line.lab.failover() == [:])
    }

    @Test func `a switchover that has begun, or waits for no time, goes on`() async throws {
        let line = try await CommandLineLab(cluster: ["switchover": ["candidate": "demo-1"]])
        try await line.bringUp()
        #expect(try await line.run("flush", "demo", "switchover").output == "No pending scheduled switchover\n")
        try await line.lab.patch(["switchover": ["notBefore": "2026-01-01T00:00:00Z"]])
        let request = try #require(try await line.lab.cluster().spec.get().switchover)
        _ = try await line.lab.client.mergePatchRaw(
            PostgresCluster.resource, name: "demo", namespace: line.lab.namespace,
            body: [
                "status": [
                    "switchover": ["request": .string(request.contentHash), "phase": "InProgress", "reason": "Begun"]
                ]
            ], subresource: "status")
        #expect(try await line.run("flush", "demo", "switchover").output == "No pending scheduled switchover\n")
        #expect(try await line.spec()["switchover"] != nil)
    }

    @Test func `a scheduled restart is called off for some members, and then for all`() async throws {
        let line = try await CommandLineLab(cluster: Self.restart)
        try await line.bringUp()
        let asked = try await line.run("flush", "demo", "demo-1", "restart")
        #expect(asked.error == "Error: not a terminal: use --force to go ahead without being asked\n")
        #expect(
            try await line.run("flush", "demo", "demo-1", "restart", "--force").output
                == "Success: flush scheduled restart for member demo-1\n")
        #expect(try await line.spec().value(at: "restart", "instances") == ["demo-0", "demo-2"])
        #expect(try await line.spec().value(at: "restart", "onlyPending") == true)
        #expect(
            try await line.run("flush", "demo", "restart", "--force").output == """
                Success: flush scheduled restart for member demo-0
                No scheduled restart for member demo-1
                Success: flush scheduled restart for member demo-2

                """)
        #expect(try await line.spec()["restart"] == nil)
        let stranger = try await line.run("flush", "demo", "demo-9", "restart", "--force")
        #expect(stranger.error == "Error: demo-9 is not a member of cluster demo\n")
    }

    @Test func `only members that are to be restarted are called off`() async throws {
        let line = try await CommandLineLab(cluster: [
            "restart": ["notBefore": "2099-01-01T04:00:00Z", "role": "replica"]
        ])
        try await line.bringUp()
        #expect(
            try await line.run("flush", "demo", "demo-0", "restart", "--force").output
                == "No scheduled restart for member demo-0\n")
        #expect(try await line.spec()["restart"] != nil)
        _ = try await line.run("flush", "demo", "demo-1", "restart", "--force")
        #expect(try await line.spec().value(at: "restart", "instances") == ["demo-2"])
    }

    @Test func `a request in the store that was not looked at is not taken out`() async throws {
        let line = try await CommandLineLab(cluster: [:])
        try await line.bringUp()
        let scheduled: JSONValue = [
            "leader": "demo-0", "member": "demo-1", "scheduled_at": "2099-01-01T04:00:00+00:00",
        ]
        try await line.lab.annotate("demo-failover", scheduled)
        let requests = ScheduledRequests(
            reader: ClusterReader(client: line.lab.client), cluster: "demo", namespace: line.lab.namespace)
        let seen = try await requests.records()
        // Somebody fails over at once meanwhile.
        try await line.lab.annotate("demo-failover", ["member": "demo-2", "scheduled_at": .null])
        let error = await #expect(throws: CommandError.self) { try await requests.takeOffStored(seen) }
        #expect(error?.description.contains("has changed meanwhile, and nothing was called off") == true)
        #expect(try await line.lab.failover()["member"] == "demo-2")
    }

    @Test func `who may not read the resource is not told that there is nothing`() async throws {
        let line = try await CommandLineLab(cluster: [
            "switchover": ["candidate": "demo-1", "notBefore": "2099-01-01T04:00:00Z"]
        ])
        try await line.bringUp()
        let config = try await line.kubeconfig(mayRead: [""], ["pods", "configmaps", "endpoints"])
        let rights: [String: String?] = ["KUBECONFIG": config]
        for command in [["flush", "demo", "switchover"], ["flush", "demo", "restart", "--force"]] {
            let outcome = try await line.run(command, environment: rights)
            #expect(outcome.status == 1)
            #expect(
                outcome.error
                    == "Error: the PostgresCluster demo may not be read: nobody can tell what it asks for\n")
        }
        let list = try await line.run("list", "demo", environment: rights)
        #expect(
            list.error == "the PostgresCluster demo may not be read: what is scheduled in it is not shown\n")
        let status = try await line.run("status", "demo", environment: rights)
        #expect(status.output.contains("the resource may not be read"), "\(status.output) \(status.error)")
    }

    @Test func `a cluster is removed after the right answers, and after no others`() async throws {
        let line = try await CommandLineLab(cluster: [:])
        try await line.bringUp()
        let wrong = try await line.run("remove", "demo", input: "demo\nYes\n")
        #expect(wrong.status == 1)
        #expect(wrong.error.hasSuffix("Error: You did not exactly type \"Yes I am aware\"\n"))
        #expect(try await line.lab.isPresent(PostgresCluster.self, "demo"))
        let removed = try await line.run("remove", "demo", input: "demo\nYes I am aware\ndemo-0\n")
        #expect(removed.status == 0, "\(removed.error)")
        #expect(removed.output.hasSuffix("Success: cluster demo removed; its volumes are kept\n"))
        #expect(try await !line.lab.isPresent(PostgresCluster.self, "demo"))
    }

    @Test func `the status of a real cluster fits on a screen`() async throws {
        let line = try await CommandLineLab(cluster: [:])
        try await line.bringUp()
        let outcome = try await line.run("status", "demo")
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(outcome.output.split(separator: "\n").count <= 24)
        #expect(outcome.output.contains("Leader:        demo-0, lock renewed at 1 by its clock"))
        let logs = try await line.run("logs", "demo", "demo-9")
        #expect(logs.error == "Error: demo-9 is not a member of cluster demo\n")
    }

    @Test func `shells complete commands, clusters and members`() async throws {
        let line = try await CommandLineLab(cluster: [:])
        try await line.bringUp()
        for shell in ["bash", "zsh", "fish"] {
            let script = try await BuiltProgram.run(["completion", shell])
            #expect(script.status == 0)
            #expect(script.output.contains("edit-config"))
        }
        #expect(try await BuiltProgram.run(["completion", "tcsh"]).status == 64)
        let words = try await BuiltProgram.run(
            [
                "---completion", "logs", "--", "positional@0", "2", "0", "matriarch", "logs", "", "-n",
                line.lab.namespace,
            ],
            environment: line.environment)
        #expect(words.output.split(separator: "\n") == ["demo"], "\(words.output) \(words.error)")
    }
}
