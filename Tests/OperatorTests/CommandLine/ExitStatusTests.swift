import TestSupport
import Testing

/// How commands end, as scripts see it: 0 done, 1 not done, 64 wrong use.
@Suite(.timeLimit(.minutes(3))) struct ExitStatusTests {
    /// Each command with what it needs to know of a cluster that is not there.
    static let commands: [[String]] = [
        ["status", "nothing"], ["list", "nothing"], ["topology", "nothing"], ["history", "nothing"],
        ["why", "nothing-0"], ["logs", "nothing"], ["switchover", "nothing", "--force"],
        ["failover", "nothing", "--candidate", "nothing-0", "--force"], ["restart", "nothing", "--force"],
        ["reinit", "nothing", "nothing-0", "--force"], ["flush", "nothing", "switchover"], ["pause", "nothing"],
        ["resume", "nothing"], ["demote-cluster", "nothing", "--host", "a.example", "--force"],
        ["promote-cluster", "nothing", "--force"], ["show-config", "nothing"],
        ["edit-config", "nothing", "-s", "ttl=30", "--force"], ["dsn", "nothing"], ["haproxy", "nothing"],
        ["psql", "nothing"], ["query", "nothing", "-c", "SELECT 1"], ["report", "nothing", "-o", "/dev/null"],
        ["remove", "nothing"], ["version", "nothing"],
    ]

    /// Those for people, as the program lists them.
    @Test func `every command is among them`() async throws {
        let help = try await BuiltProgram.run(["--help"]).output
        let list = try #require(help.split(separator: "SUBCOMMANDS:\n").last)
        let names = list.split(separator: "\n").filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }
            .compactMap { $0.split(separator: " ").first.map(String.init) }
        let others: Set = ["agent", "operator", "postgres-version", "completion", "See"]
        #expect(Set(names).subtracting(others) == Set(Self.commands.compactMap(\.first)), "\(names)")
    }

    @Test(arguments: commands) func `what is not done is status 1 and one line that says why`(command: [String])
        async throws
    {
        let line = try await CommandLineLab()
        let absent = try await line.run(command)
        #expect(absent.status == 1, "\(absent)")
        // Progress may stand above it.
        let lines = absent.error.split(separator: "\n")
        #expect(lines.count { $0.hasPrefix("Error: ") } == 1, "\(absent.error)")
        #expect(lines.last?.hasPrefix("Error: ") == true && lines.last?.contains("nothing") == true, "\(absent.error)")
        // Results alone go to standard output; this program's version needs no cluster.
        #expect(absent.output == (command[0] == "version" ? "matriarch 0.1.0\n" : ""))
    }

    @Test(arguments: commands) func `a command line nobody understands is status 64`(command: [String]) async throws {
        let outcome = try await BuiltProgram.run(command + ["--no-such-flag"])
        #expect(outcome.status == 64 && outcome.output == "", "\(outcome)")
        #expect(outcome.error.contains("Unknown option '--no-such-flag'"), "\(outcome.error)")
        #expect(outcome.error.contains("Usage: matriarch \(command[0])"), "\(outcome.error)")
    }

    @Test(arguments: commands) func `a kubeconfig that is not there is status 1`(command: [String]) async throws {
        let outcome = try await BuiltProgram.run(command + ["--kubeconfig", "/nowhere"])
        #expect(outcome.status == 1 && outcome.error.hasPrefix("Error: "), "\(outcome)")
        #expect(outcome.error.contains("/nowhere"), "\(outcome.error)")
    }

    @Test(arguments: commands) func `help is status 0`(command: [String]) async throws {
        let outcome = try await BuiltProgram.run([command[0], "--help"])
        #expect(outcome.status == 0 && outcome.error == "" && outcome.output.contains("USAGE: matriarch \(command[0])"))
    }
}
