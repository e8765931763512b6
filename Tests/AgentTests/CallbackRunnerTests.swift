import Fence
import Glibc
import HighAvailability
import Logging
import TestSupport
import Testing
import Units

@testable import Agent
@testable import AgentShell

/// Real scripts, without a member.
@Suite struct CallbackRunnerTests {
    private static let promoted = CallbackCall(.roleChange, .primary, epoch: 7)
    private static let demoted = CallbackCall(.roleChange, .demoted, epoch: 8)
    private static let restarted = CallbackCall(.restart, .primary, epoch: 7)

    /// A runner over scripts by action; `$BOOK` in them is a file that is read with ``text(_:)``.
    private struct Stage {
        let folder: String
        let runner: CallbackRunner

        init(_ scripts: [CallbackAction: String]) async throws {
            var template = Array("/tmp/matriarch-callbacks-XXXXXX".utf8CString)
            folder = template.withUnsafeMutableBufferPointer { buffer in
                buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } ?? ""
            }
            for (action, script) in scripts {
                let path = "\(folder)/\(action.rawValue)"
                let text = "#!/bin/sh\nBOOK=\(folder)/book\n\(script)\n"
                let file = try #require(fopen(path, "we"))
                fputs(text, file)
                fclose(file)
                chmod(path, 0o755)
            }
            runner = CallbackRunner(
                try AgentConfiguration(environment: [
                    "MATRIARCH_CLUSTER": "demo", "POD_NAMESPACE": "shop", "POD_NAME": "demo-1", "POD_UID": "u",
                    "POD_IP": "127.0.0.1", "MATRIARCH_CALLBACKS_DIRECTORY": folder,
                ]), clock: BootClock(), logger: Logger(label: "callbacks"))
            await runner.start()
        }

        var lines: [String] { Self.text("\(folder)/book").split(separator: "\n").map(String.init) }

        static func text(_ path: String) -> String {
            guard let file = fopen(path, "r") else { return "" }
            defer { fclose(file) }
            var bytes = [UInt8](repeating: 0, count: 1 << 16)
            let count = fread(&bytes, 1, bytes.count, file)
            return String(decoding: bytes.prefix(count), as: UTF8.self)
        }

        func end() async {
            await runner.finish(within: .zero)
            for name in CallbackAction.allCases.map(\.rawValue) + ["book"] { unlink("\(folder)/\(name)") }
            rmdir(folder)
        }
    }

    @Test func `a callback gets Patroni's arguments and an environment without anything of the agent's`() async throws {
        setenv("SECRET_OF_THE_AGENT", "x", 1)
        let stage = try await Stage([.roleChange: "echo \"$0 $*\" >> $BOOK; tr '\\0' '\\n' < /proc/$$/environ >> $BOOK"]
        )
        stage.runner.tell(Self.promoted, limit: .seconds(10))
        try await eventually(within: .seconds(10), "it was called", { stage.lines }) { $0.count >= 6 }
        #expect(stage.lines.first == "\(stage.folder)/on_role_change on_role_change primary demo")
        #expect(
            Set(stage.lines.dropFirst()) == [
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "MATRIARCH_CLUSTER=demo",
                "MATRIARCH_MEMBER=demo-1", "MATRIARCH_NAMESPACE=shop", "MATRIARCH_EPOCH=7",
            ])
        await stage.end()
    }

    @Test func `a callback of a former role is killed with all it started, even if it does not want to end`()
        async throws
    {
        let stage = try await Stage([
            .roleChange: """
            echo "$2" >> $BOOK
            [ "$2" = primary ] || exit 0
            trap '' TERM
            (trap '' TERM; while :; do sleep 0.01; done) &
            echo "$!" >> $BOOK
            while :; do sleep 0.01; done
            """
        ])
        stage.runner.tell(Self.promoted, limit: .seconds(60))
        try await eventually(within: .seconds(10), "it runs", { stage.lines }) { $0.count == 2 }
        let child = try #require(stage.lines.last)
        stage.runner.tell(Self.demoted, limit: .seconds(60))
        try await eventually(within: .seconds(10), "the next one", { stage.lines }) { $0.last == "demoted" }
        // Nothing is left but perhaps a number nobody has asked for.
        #expect(Stage.text("/proc/\(child)/cmdline") == "")
        await stage.end()
    }

    @Test func `a callback that ends in order when it is asked to is not killed before`() async throws {
        let stage = try await Stage([
            .roleChange: """
            [ "$2" = primary ] || { echo "$2" >> $BOOK; exit 0; }
            trap 'echo undone >> $BOOK; exit 0' TERM
            echo "$2" >> $BOOK
            while :; do sleep 0.01; done
            """
        ])
        stage.runner.tell(Self.promoted, limit: .seconds(60))
        try await eventually(within: .seconds(10), "it runs", { stage.lines }) { $0 == ["primary"] }
        stage.runner.tell(Self.demoted, limit: .seconds(60))
        try await eventually(within: .seconds(10), "the next one", { stage.lines }) {
            $0 == ["primary", "undone", "demoted"]
        }
        await stage.end()
    }

    @Test func `a callback that takes longer than it may is ended, and one in the background is not waited for`()
        async throws
    {
        let stage = try await Stage([
            .roleChange: "echo slow >> $BOOK; sleep 300", .restart: "sleep 300 &\necho $! >> $BOOK",
            .reload: "echo reload >> $BOOK",
        ])
        stage.runner.tell(Self.promoted, limit: .milliseconds(300))
        stage.runner.tell(Self.restarted, limit: .seconds(60))
        let start = CallbackCall(.start, .primary, epoch: 7)
        stage.runner.tell(start, limit: .seconds(60))
        try await eventually(within: .seconds(10), "the restart is told", { stage.lines }) { $0.count == 2 }
        if let child = stage.lines.last.flatMap({ pid_t($0) }) { kill(child, SIGKILL) }
        stage.runner.tell(CallbackCall(.reload, .primary, epoch: 7), limit: .seconds(60))
        try await eventually(within: .seconds(10), "the reload is told", { stage.lines }) { $0.last == "reload" }
        await stage.end()
    }

    @Test func `at the end what does not end by itself is killed`() async throws {
        let stage = try await Stage([.stop: "trap '' TERM; echo $$ >> $BOOK; while :; do sleep 0.01; done"])
        stage.runner.tell(CallbackCall(.stop, .primary, epoch: 7), limit: .seconds(60))
        try await eventually(within: .seconds(10), "it runs", { stage.lines }) { !$0.isEmpty }
        let process = try #require(stage.lines.first)
        await stage.runner.finish(within: .milliseconds(50))
        #expect(Stage.text("/proc/\(process)/cmdline") == "")
        await stage.end()
    }
}
