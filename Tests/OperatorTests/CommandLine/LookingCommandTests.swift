import ClusterRecords
import KubernetesModels
import TestSupport
import Testing

/// Commands that look at a cluster, as people run them.
@Suite(.timeLimit(.minutes(2))) struct LookingCommandTests {
    private static let history =
        #"[[1,83886176,"no recovery target specified","2026-11-21T01:00:00.250000+00:00","demo-1"]]"#

    @Test func `the history of a cluster is shown, and of one without a resource too`() async throws {
        let line = try await CommandLineLab()
        try await line.bringUp(history: Self.history)
        let outcome = try await line.run("history", "demo", "-o", "json")
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(
            try JSONValue(parsing: outcome.output) == [
                [
                    "TL": 1, "LSN": 83_886_176, "Reason": "no recovery target specified",
                    "Timestamp": "2026-11-21T01:00:00.250000+00:00", "New Leader": "demo-1",
                ]
            ])
    }

    @Test(arguments: ["history", "topology", "show-config", "edit-config", "haproxy"])
    func `a cluster that is not there is an error that names it and the namespace`(command: String) async throws {
        let line = try await CommandLineLab()
        let outcome = try await line.run(command, "nothing")
        #expect(outcome.status == 1)
        #expect(outcome.output == "")
        #expect(outcome.error == "Error: no PostgresCluster nothing in namespace \(line.lab.namespace)\n")
    }

    @Test func `the topology is the list as a tree`() async throws {
        let line = try await CommandLineLab()
        try await line.bringUp()
        let outcome = try await line.run("topology", "demo")
        #expect(outcome.status == 0, "\(outcome.error)")
        let rows = outcome.output.split(separator: "\n").map { $0.split(separator: "|").first ?? "" }
        #expect(rows.filter { $0.contains("demo-") } == [" demo-0   ", " + demo-1 ", " + demo-2 "])
    }

    @Test func `wrong use is status 64 with a word on what is wrong`() async throws {
        let line = try await CommandLineLab()
        for (arguments, message) in [
            (["history"], "Missing expected argument '<cluster>'"),
            (["topology", "-w", "0"], "--watch must be between 0.1 and 86400 seconds."),
            (["show-config", "demo", "-o", "tsv"], "--output tsv goes with --effective or --member"),
            (["edit-config", "demo", "--apply", "a", "--replace", "b"], "mutually exclusive"),
        ] {
            let outcome = try await BuiltProgram.run(arguments, environment: line.environment)
            #expect(outcome.status == 64, "\(arguments)")
            #expect(outcome.error.contains(message), "\(outcome.error)")
        }
    }
}
