import Glibc
import KubernetesModels
import TestSupport
import Testing

@testable import CommandLineTool

/// `matriarch edit-config` and `show-config` as people run them.
@Suite(.timeLimit(.minutes(3))) struct EditConfigTests {
    private static let spec: [String: JSONValue] = ["postgresql": ["parameters": ["work_mem": "8MB"]]]

    /// A program in a file, to be an editor.
    private static func editor(_ script: String) throws -> String {
        var path = Array("/tmp/matriarch-editor-XXXXXX".utf8CString)
        let descriptor = mkstemp(&path)
        guard descriptor >= 0, let file = fdopen(descriptor, "w") else { throw FixtureError("no file for an editor") }
        fputs("#!/bin/sh -e\n\(script)\n", file)
        fchmod(descriptor, 0o700)
        fclose(file)
        return String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    @Test func `a setting and a parameter are changed, and the difference is shown`() async throws {
        let line = try await CommandLineLab(cluster: Self.spec)
        let outcome = try await line.run(
            "edit-config", "demo", "-s", "primary_start_timeout=60", "-p", "work_mem=16MB", "--force")
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(
            outcome.output == """
                --- 
                +++ 
                @@ -6,10 +6,10 @@
                 pause: false
                 postgresql:
                   parameters:
                -    work_mem: 8MB
                +    work_mem: 16MB
                   pg_hba: []
                   pg_ident: []
                -primary_start_timeout: 300
                +primary_start_timeout: 60
                 primary_stop_timeout: 30
                 retry_timeout: 5
                 synchronous_mode: 'off'
                Configuration changed

                """)
        let spec = try await line.spec()
        #expect(spec.value(at: "postgresql", "parameters") == ["work_mem": "16MB"])
        #expect(spec.value(at: "highAvailability", "primaryStartTimeout") == 60)
        let again = try await line.run("edit-config", "demo", "-p", "work_mem=16MB", "--force")
        #expect(again.output == "Not changed\n")
    }

    @Test func `a file is merged, null deletes, and quiet shows no difference`() async throws {
        let line = try await CommandLineLab(cluster: Self.spec)
        let outcome = try await line.run(
            "edit-config", "demo", "--apply", "-", "--force", "--quiet",
            input: "pause: true\npostgresql: {parameters: {work_mem: null, jit: off}}\n")
        #expect(outcome.output == "Configuration changed\n", "\(outcome.error)")
        #expect(try await line.spec().value(at: "postgresql", "parameters") == ["jit": "off"])
        let shown = try await line.run("show-config", "demo", "-o", "json")
        #expect(try JSONValue(parsing: shown.output)["pause"] == true)
    }

    @Test func `without a terminal nothing is changed that was not forced`() async throws {
        let line = try await CommandLineLab(cluster: Self.spec)
        let outcome = try await line.run("edit-config", "demo", "-p", "work_mem=16MB")
        #expect(outcome.status == 1)
        #expect(outcome.error == "Error: Use --force option to apply changes\n")
        let editing = try await line.run("edit-config", "demo")
        #expect(editing.error == "Error: no terminal for an editor: use --set, --pg, --apply or --replace\n")
        #expect(try await line.spec().value(at: "postgresql", "parameters") == ["work_mem": "8MB"])
    }

    @Test(arguments: [
        ("slots={}", "slots: PostgresCluster has no field for this key"),
        ("primary_start_timeout=-1", "primary_start_timeout: -1: is not a number of seconds"),
        ("primary_stop_timeout=1000", "spec.highAvailability.primaryStopTimeout: 1000: "),
        ("postgresql.parameters.wal_level=minimal", "parameters.wal_level must be replica or logical"),
        ("postgresql.parameters.listen_addresses=x", "spec.postgresql.parameters.listen_addresses"),
    ])
    func `what would be refused is refused with its reason, and nothing is written`(
        setting: String, message: String
    ) async throws {
        let line = try await CommandLineLab(cluster: Self.spec)
        let before = try await line.spec()
        let outcome = try await line.run("edit-config", "demo", "-s", setting, "--force")
        #expect(outcome.status == 1)
        #expect(outcome.error.contains(message), "\(outcome.error)")
        #expect(try await line.spec() == before)
    }

    @Test func `the API server's own refusal is told in its words`() async throws {
        let line = try await CommandLineLab(cluster: Self.spec)
        let edit = ConfigurationEdit(client: line.lab.client, cluster: "demo", namespace: line.lab.namespace)
        let current = try await edit.current()
        let refusal = await #expect(throws: ConfigurationRefusal.self) {
            try await edit.write(["spec": ["instances": 99]], over: current)
        }
        #expect(refusal?.description.contains("spec.instances") == true)
    }

    @Test func `a change of the status meanwhile is nobody's business, another configuration is`() async throws {
        let line = try await CommandLineLab(cluster: Self.spec)
        let edit = ConfigurationEdit(client: line.lab.client, cluster: "demo", namespace: line.lab.namespace)
        let current = try await edit.current()
        try await line.lab.touch("meanwhile")
        #expect(try await edit.write(["spec": ["paused": true]], over: current) == nil)
        let newer = try await edit.write(["spec": ["paused": false]], over: current)
        #expect(newer?.document.json["pause"] == true)
        #expect(try await line.spec()["paused"] == true)
    }

    @Test func `YAML that does not parse is offered again, and so is what is refused`() async throws {
        let line = try await CommandLineLab(cluster: Self.spec)
        // Its first work is no YAML, its second asks for what there is not, its third is right.
        let editor = try Self.editor(
            """
            case $(grep -c '^broken\\|^slots' "$1") in
            0) echo 'broken: [' >>"$1" ;;
            1) if grep -q '^broken' "$1"; then sed -i 's/^broken.*/slots: 1/' "$1"; else
                sed -i 's/^slots.*//; s/work_mem: 8MB/work_mem: 16MB/' "$1"; fi ;;
            esac
            """)
        defer { unlink(editor) }
        let outcome = try await line.runOnTerminal(
            "edit-config", "demo", environment: ["EDITOR": "sh \(editor)"], typing: "y\ny\ny\n")
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(outcome.output.contains("invalid YAML at line"))
        #expect(outcome.output.contains("slots: PostgresCluster has no field for this key"))
        #expect(outcome.output.contains("Configuration changed"))
        #expect(try await line.spec().value(at: "postgresql", "parameters", "work_mem") == "16MB")
    }

    @Test func `what somebody else changed while the editor was open is kept`() async throws {
        let line = try await CommandLineLab(cluster: Self.spec)
        let editor = try Self.editor(
            """
            if grep -q 'work_mem: 8MB' "$1"; then
                sed -i 's/work_mem: 8MB/work_mem: 16MB/' "$1"
                '\(try BuiltProgram.path())' edit-config demo -n \(line.lab.namespace) -s pause=true --force --quiet >/dev/null
            fi
            """)
        defer { unlink(editor) }
        let outcome = try await line.runOnTerminal(
            "edit-config", "demo", environment: ["EDITOR": "sh \(editor)"], typing: "y\ny\ny\n")
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(outcome.output.contains("somebody else has changed the configuration meanwhile"))
        let spec = try await line.spec()
        #expect(spec["paused"] == true)
        #expect(spec.value(at: "postgresql", "parameters", "work_mem") == "16MB")
    }

    @Test func `a line somebody else added to a list while the editor was open is kept, and named`() async throws {
        let line = try await CommandLineLab(cluster: ["postgresql": ["pgHBA": ["local all all trust"]]])
        let editor = try Self.editor(
            """
            if ! grep -q mine "$1"; then
                sed -i 's/^  - local all all trust/&\\n  - host mine mine all reject/' "$1"
                '\(try BuiltProgram.path())' edit-config demo -n \(line.lab.namespace) --force --quiet >/dev/null \\
                    -s 'postgresql.pg_hba=[local all all trust, host theirs theirs all reject]'
            fi
            """)
        defer { unlink(editor) }
        let outcome = try await line.runOnTerminal(
            "edit-config", "demo", environment: ["EDITOR": "sh \(editor)"], typing: "y\ny\ny\n")
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(outcome.output.contains("postgresql.pg_hba was changed by somebody else too"))
        #expect(
            try await line.spec().value(at: "postgresql", "pgHBA")
                == ["local all all trust", "host mine mine all reject", "host theirs theirs all reject"])
    }

    @Test func `what was written in the editor is kept when it cannot be applied`() async throws {
        let line = try await CommandLineLab(cluster: Self.spec)
        let folder = try line.programs([:])
        // The editor fails, or the resource may be read and not written.
        let failing = try Self.editor("sed -i 's/work_mem: 8MB/work_mem: 16MB/' \"$1\"; exit 3")
        defer { unlink(failing) }
        let failed = try await line.runOnTerminal(
            "edit-config", "demo", environment: ["EDITOR": "sh \(failing)", "TMPDIR": folder], typing: "")
        #expect(failed.status == 1)
        #expect(failed.output.contains("What was written is in \(folder)/matriarch-"))
        let config = try await line.kubeconfig(mayRead: ["matriarch.dev"], ["postgresclusters"])
        let working = try Self.editor("sed -i 's/work_mem: 8MB/work_mem: 16MB/' \"$1\"")
        defer { unlink(working) }
        let forbidden = try await line.runOnTerminal(
            "edit-config", "demo", environment: ["EDITOR": "sh \(working)", "TMPDIR": folder, "KUBECONFIG": config],
            typing: "y\ny\n")
        #expect(forbidden.status == 1)
        #expect(forbidden.output.contains("forbidden"), "\(forbidden.output)")
        let kept = try await BuiltProgram.shell(
            "cd '\(folder)' && grep -l 'work_mem: 16MB' * | wc -l && stat -c %a * | sort -u")
        #expect(kept == "2\n600\n")
        _ = try await BuiltProgram.shell("rm -rf '\(folder)'")
    }

    @Test func `a parameter in another case takes the place of the one that is there`() async throws {
        let line = try await CommandLineLab(cluster: ["postgresql": ["parameters": ["Work_Mem": "8MB"]]])
        let outcome = try await line.run("edit-config", "demo", "-p", "WORK_MEM=16MB", "--force")
        #expect(outcome.output.hasSuffix("Configuration changed\n"), "\(outcome.error)")
        #expect(try await line.spec().value(at: "postgresql", "parameters") == ["work_mem": "16MB"])
    }

    @Test func `a replacement is written over what was read, and over nothing else`() async throws {
        let line = try await CommandLineLab(cluster: Self.spec)
        // Somebody changes it while the question is open.
        let folder = try line.programs([
            "slow": """
            '\(try BuiltProgram.path())' edit-config demo -n \(line.lab.namespace) -s pause=true --force --quiet >/dev/null
            echo y
            """
        ])
        try line.write("postgresql: {parameters: {jit: off}}\n", to: "\(folder)/new.yaml")
        let variables = line.environment.compactMapValues { $0 }.map { "\($0.key)='\($0.value)'" }
        let outcome = try await BuiltProgram.shell(
            """
            export \(variables.joined(separator: " "))
            touch '\(folder)/said'
            {
                until grep -q 'Apply these changes' '\(folder)/said'; do sleep 0.1; done
                '\(folder)/slow'
                sleep 3
            } | script -qefc "'\(try BuiltProgram.path())' edit-config -n \(line.lab.namespace) demo \\
                --replace '\(folder)/new.yaml'" '\(folder)/said' >/dev/null || true
            cat '\(folder)/said'
            """)
        #expect(outcome.contains("Config modification aborted due to concurrent changes"), "\(outcome)")
        let spec = try await line.spec()
        #expect(spec["paused"] == true)
        #expect(spec.value(at: "postgresql", "parameters") == ["work_mem": "8MB"])
        _ = try await BuiltProgram.shell("rm -rf '\(folder)'")
    }

    @Test func `no is no`() async throws {
        let line = try await CommandLineLab(cluster: Self.spec)
        let outcome = try await line.runOnTerminal("edit-config", "demo", "-s", "pause=true", typing: "n\n")
        #expect(outcome.status == 1)
        #expect(outcome.output.contains("Apply these changes? [y/N]"))
        #expect(outcome.output.contains("Error: Aborted edit-config"))
        #expect(try await line.spec()["paused"] == false)
    }

    @Test func `what the members go by is shown with its source and what waits for a restart`() async throws {
        let line = try await CommandLineLab(cluster: Self.spec)
        try await line.bringUp()
        try await line.lab.annotate(
            "demo-config", ["config": #"{"ttl":20,"postgresql":{"parameters":{"work_mem":"8MB"}},"slots":{"a":1}}"#])
        let outcome = try await line.run("show-config", "demo", "--effective", "-o", "tsv")
        #expect(outcome.status == 0, "\(outcome.error)")
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.contains("postgresql.parameters.work_mem\t8MB\tspec.postgresql.parameters.work_mem"))
        #expect(lines.contains("slots.a\t1\tstore"))
        #expect(lines.contains("loop_wait\t5\tdefault"))
        let missing = try await line.run("show-config", "demo", "--member", "demo-9")
        #expect(missing.status == 1)
        #expect(missing.error.hasPrefix("Error: Member demo-9 does not exist in cluster demo"))
    }
}
