import TestSupport
import Testing

/// What `matriarch completion` prints, in the shells it is for: a tab is typed, and the line that it completes is run.
@Suite(.timeLimit(.minutes(3))) struct ShellCompletionTests {
    struct Shell: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// Without anybody's settings, on a terminal.
        let command: String
        /// As the page of the command line says.
        let setUp: String
    }

    static let shells = [
        Shell(
            testDescription: "bash", command: "bash --norc --noprofile -i",
            setUp: "source <(matriarch completion bash)"),
        Shell(
            testDescription: "zsh", command: "zsh -f -i",
            setUp:
                #"matriarch completion zsh >"$HOME/_matriarch"; fpath=("$HOME" $fpath); autoload -U compinit; compinit -u -D"#
        ),
        Shell(
            testDescription: "fish", command: "fish --no-config -i", setUp: "matriarch completion fish | source"),
    ]

    @Test(arguments: shells) func `a tab completes commands, options, values and names`(shell: Shell) async throws {
        let line = try await CommandLineLab(cluster: [:])
        try await line.bringUp(
            history: #"[[1,83886176,"no recovery target specified","2026-11-21T01:00:00.250000+00:00","demo-1"]]"#)
        let typed = [
            shell.setUp, "matriarch switcho\t --help",
            // The only cluster there, as the API server says; and the only form that begins so.
            "matriarch history -n \(line.lab.namespace) de\t -o js\t",
            "matriarch version --cli\t",
            "exit",
        ]
        let said = try await said(shell, typed, line)
        // A list of all commands has its abstract, too.
        #expect(said.contains("USAGE: matriarch switchover"), "\(said)")
        #expect(said.contains(#""New Leader": "demo-1""#) || said.contains(#""New Leader":"demo-1""#), "\(said)")
        #expect(said.contains("matriarch 0.1.0"), "\(said)")
    }

    /// - Returns: what stood on the terminal, without the ends of lines that a terminal writes.
    private func said(_ shell: Shell, _ typed: [String], _ line: CommandLineLab) async throws -> String {
        let home = try line.programs([:])
        try line.write(typed.map { $0 + "\n" }.joined(), to: "\(home)/typed")
        let program = try BuiltProgram.path()
        let folder = program.prefix(upTo: program.lastIndex(of: "/") ?? program.startIndex)
        guard let kubeconfig = line.environment["KUBECONFIG"] ?? nil else { throw FixtureError("no kubeconfig") }
        let name = shell.command.prefix { $0 != " " }
        let script = """
            command -v \(name) >/dev/null || { echo '\(name) is not installed; run: scripts/packages' >&2; exit 1; }
            export HOME='\(home)' TERM=dumb KUBECONFIG='\(kubeconfig)' PATH='\(folder)':"$PATH"
            cd "$HOME" && timeout 60 script -qec '\(shell.command)' /dev/null <typed
            """
        return try await BuiltProgram.shell(script).replacing("\r", with: "")
    }
}
