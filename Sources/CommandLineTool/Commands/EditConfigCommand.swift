import ArgumentParser
import KubernetesClient
import KubernetesModels
import PlainText
import YAML

/// `matriarch edit-config`: changes what Patroni calls the dynamic configuration, in the cluster's spec.
struct EditConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "edit-config", abstract: "Change the configuration of a cluster, in Patroni's keys.",
        discussion: """
            Without --set, --pg, --apply or --replace the configuration is opened in an editor: KUBE_EDITOR or EDITOR, otherwise \
            editor or vi. What cannot be read, or is refused, is offered again. The difference is shown before it is applied.
            """)

    @Argument(help: "The cluster.", completion: NameCompletion.clusters)
    var cluster: String

    @OptionGroup var connection: ConnectionOptions

    @Option(
        name: [.customShort("s"), .customLong("set")],
        help: ArgumentHelp("A key and its value in YAML; null takes it out. May be repeated.", valueName: "key=value"))
    var settings: [String] = []

    @Option(
        name: [.customShort("p"), .customLong("pg")],
        help: ArgumentHelp("The same for a parameter of PostgreSQL. May be repeated.", valueName: "name=value"))
    var parameters: [String] = []

    @Option(help: ArgumentHelp("YAML to merge into the configuration; - is standard input.", valueName: "file"))
    var apply: String?

    @Option(help: ArgumentHelp("YAML to replace the configuration with; - is standard input.", valueName: "file"))
    var replace: String?

    @Flag(name: .shortAndLong, help: "Do not show the difference.")
    var quiet = false

    @Flag(help: "Do not ask for confirmation.")
    var force = false

    func validate() throws {
        guard apply == nil || replace == nil else {
            throw ValidationError("--apply and --replace are mutually exclusive options.")
        }
    }

    func run() async throws {
        let client = try connection.client()
        let edit = ConfigurationEdit(client: client, cluster: cluster, namespace: client.configuration.namespace)
        var current = try await edit.current()
        guard let change = try change() else { return try await editInteractively(edit, &current) }
        for _ in 0..<Self.attempts {
            do {
                let document = try change.applied(to: current.document)
                guard let newer = try await carryOut(edit, current, document) else { return }
                guard change.replacement == nil else {
                    throw CommandError(
                        "Config modification aborted due to concurrent changes: look at it and try again")
                }
                // The same change of what is there now.
                current = newer
            } catch let refusal as ConfigurationRefusal {
                throw CommandError(refusal.description)
            }
        }
        throw CommandError("the configuration changes all the time: \(Self.attempts) attempts to write it failed")
    }

    private static let attempts = 10

    /// What was asked for without an editor; nil: nothing.
    private func change() throws -> ConfigurationChange? {
        guard apply != nil || replace != nil || !settings.isEmpty || !parameters.isEmpty else { return nil }
        do {
            return ConfigurationChange(
                replacement: try replace.map { try ConfigurationDocument(yaml: TextFile.contents($0)).json },
                // Not a document: its nulls delete.
                merged: try apply.map { try Self.mapping(TextFile.contents($0)) }, settings: settings,
                parameters: parameters)
        } catch let refusal as ConfigurationRefusal {
            throw CommandError(refusal.description)
        }
    }

    private static func mapping(_ text: String) throws -> JSONValue {
        _ = try ConfigurationDocument(yaml: text)
        return try YAML.parse(text)
    }

    /// The editor, as often as it takes.
    private func editInteractively(_ edit: ConfigurationEdit, _ current: inout ConfigurationEdit.Current) async throws {
        guard Terminal.isInteractive else {
            throw CommandError("no terminal for an editor: use --set, --pg, --apply or --replace")
        }
        let editor = try TextEditor()
        var draft = current.document.yaml
        var remark: String?
        while true {
            draft = try editor.edited(draft, remark: remark)
            do {
                let document = try ConfigurationDocument(yaml: draft)
                guard let newer = try await kept(draft, { try await carryOut(edit, current, document) }) else { return }
                let merge = ConfigurationMerge(base: current.document, mine: document, theirs: newer.document)
                draft = merge.document.yaml
                current = newer
                remark = merge.remark
            } catch let refusal as ConfigurationRefusal {
                remark = refusal.description
            }
            Terminal.note(remark ?? "")
            guard Terminal.ask("Edit again?") else {
                throw CommandError("Aborted edit-config. What was written is in \(try TextEditor.keep(draft))")
            }
        }
    }

    /// What was written is not lost with an error that is no refusal.
    private func kept<Value>(_ draft: String, _ body: () async throws -> Value) async throws -> Value {
        let words: String
        do {
            return try await body()
        } catch let refusal as ConfigurationRefusal {
            throw refusal
        } catch let error as KubernetesError {
            words = error.message
        } catch {
            words = "\(error)"
        }
        throw CommandError("\(words). What was written is in \(try TextEditor.keep(draft))")
    }

    /// Shows the difference, asks and writes.
    ///
    /// - Returns: what is there now when somebody else was faster; nil when it is done.
    private func carryOut(
        _ edit: ConfigurationEdit, _ current: ConfigurationEdit.Current, _ document: ConfigurationDocument
    ) async throws -> ConfigurationEdit.Current? {
        let patch = try edit.patch(current, to: document)
        guard patch["spec"] != [:] else {
            print("Not changed")
            return nil
        }
        if !quiet {
            let difference = UnifiedDiff(from: current.document.yaml, to: document.yaml)
            print("--- \n+++ \n" + difference.rendered(isColored: Terminal.showsColors))
        }
        if !force {
            guard Terminal.isInteractive, apply != "-", replace != "-" else {
                throw CommandError("Use --force option to apply changes")
            }
            guard Terminal.ask("Apply these changes?") else { throw CommandError("Aborted edit-config") }
        }
        if let newer = try await edit.write(patch, over: current) {
            Terminal.note("somebody else has changed the configuration meanwhile")
            return newer
        }
        print("Configuration changed")
        return nil
    }
}
