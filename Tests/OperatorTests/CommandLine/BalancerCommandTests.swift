import ClusterRecords
import KubernetesClient
import KubernetesModels
import TestSupport
import Testing

/// `matriarch haproxy` as people run it, with HAProxy's own judgement.
@Suite(.timeLimit(.minutes(2))) struct BalancerCommandTests {
    /// Where HAProxy is, and nothing of a user's.
    private static let path = "/usr/sbin:/usr/bin:/bin"

    /// What `haproxy -c` says of a configuration.
    private static func judgement(of text: String) async throws -> BuiltProgram.Outcome {
        try await ForeignTool.haproxy.run(["-c", "-f", "/dev/stdin"], input: text)
    }

    @Test(arguments: [
        [], ["--replica-port", "0", "--stats-port", "0"], ["--bind", "::", "--primary-port", "15432"],
        ["--cluster-domain", "k8s.example", "--bind", "127.0.0.1"], ["--addresses"],
    ])
    func `HAProxy takes what is printed, and finds nothing to warn of`(options: [String]) async throws {
        let line = try await CommandLineLab(cluster: [:])
        try await line.bringUp()
        for ordinal in 0..<3 {
            let status: JSONValue = [
                "conn_url": .string("postgres://10.0.0.\(ordinal):5432/postgres"),
                "api_url": .string("http://10.0.0.\(ordinal):8008/patroni"), "state": "running", "role": "replica",
            ]
            try await line.lab.describe(ordinal, status)
        }
        let outcome = try await line.run(["haproxy", "demo", "--check"] + options, environment: ["PATH": Self.path])
        #expect(outcome.status == 0 && outcome.error == "Configuration file is valid\n", "\(outcome.error)")
        for ordinal in 0..<3 { #expect(outcome.output.contains("    server demo-\(ordinal) ")) }
        let judgement = try await Self.judgement(of: outcome.output)
        #expect(judgement.status == 0 && judgement.error == "", "\(judgement.error)")
        #expect(judgement.output.contains("Configuration file is valid"))
    }

    @Test func `what HAProxy refuses is not printed, and its words are`() async throws {
        let line = try await CommandLineLab(cluster: [:])
        try await line.bringUp()
        let outcome = try await line.run(
            ["haproxy", "demo", "--check", "--bind", "fd00::10::1"], environment: ["PATH": Self.path])
        #expect(outcome.status == 1 && outcome.output == "")
        #expect(outcome.error.contains("[ALERT]"))
        #expect(
            outcome.error.hasSuffix("Error: haproxy refuses this configuration, with status 1\n"), "\(outcome.error)")
    }

    @Test func `without HAProxy there is a configuration, and no check of it`() async throws {
        let line = try await CommandLineLab(cluster: [:])
        try await line.bringUp()
        let unchecked = try await line.run(["haproxy", "demo"], environment: ["PATH": "/nowhere"])
        #expect(unchecked.status == 0 && unchecked.output.contains("listen primary\n"))
        let checked = try await line.run(["haproxy", "demo", "--check"], environment: ["PATH": "/nowhere"])
        #expect(checked.status == 1 && checked.output == "")
        #expect(
            checked.error
                == "Error: haproxy is not in PATH: install it (Debian: haproxy), or leave --check out\n")
    }

    @Test func `members without an address are named and left out`() async throws {
        let line = try await CommandLineLab(cluster: [:])
        try await line.bringUp()
        try await line.lab.describe(
            1, ["conn_url": "postgres://10.0.0.8:5432/postgres", "state": "running", "role": "replica"])
        let outcome = try await line.run("haproxy", "demo", "--addresses")
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(outcome.output.contains("    server demo-1 10.0.0.8:5432 check port 8008\n"))
        #expect(!outcome.output.contains("server demo-0"))
        #expect(
            outcome.error
                == "demo-0 has no address yet, and is left out\ndemo-2 has no address yet, and is left out\n")
    }

    @Test func `wrong ports are status 64`() async throws {
        let line = try await CommandLineLab()
        let outcome = try await line.run("haproxy", "demo", "--primary-port", "5001")
        #expect(outcome.status == 64)
        #expect(outcome.error.contains("Each port must be another one."), "\(outcome.error)")
    }
}

extension OperatorLab {
    /// What a member says of itself, in place of what it has said.
    fileprivate func describe(_ ordinal: Int, _ status: JSONValue) async throws {
        _ = try await client.mergePatchRaw(
            Pod.resource, name: "demo-\(ordinal)", namespace: namespace,
            body: ["metadata": ["annotations": [StoreKey.memberStatus: .string(status.serialized())]]])
    }
}
