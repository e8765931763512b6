import ArgumentParser

/// `matriarch completion`: what a shell needs to complete commands, options and names.
struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print the script that makes a shell complete commands and names.",
        discussion: """
            bash: source <(matriarch completion bash). zsh: matriarch completion zsh >"${fpath[1]}/_matriarch". \
            fish: matriarch completion fish | source. Names of clusters and members come from the API server.
            """)

    enum Shell: String, CaseIterable, ExpressibleByArgument {
        case bash
        case zsh
        case fish
    }

    @Argument(help: "bash, zsh or fish.")
    var shell: Shell

    func run() {
        let kind: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        print(Matriarch.completionScript(for: kind))
    }
}
