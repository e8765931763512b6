import Glibc
import Logging
import PostgresConfiguration
import ServerControl
import TestSupport
import Testing

@testable import PostgresInstance

@Suite struct ToolRunnerTests {
    /// Runs a script of `sh` in the place of a program.
    private func run(_ script: String, input: String?) async throws -> String {
        var template = Array("/tmp/matriarch-tools-XXXXXX".utf8CString)
        let directory = String(cString: try #require(mkdtemp(&template)))
        defer {
            do { try FileSystem.removeTree(directory) } catch { Issue.record("\(error)") }
        }
        for program in PostgresBinaries.required {
            try FileSystem.write("#!/bin/sh\n\(script)\n", to: "\(directory)/\(program)", mode: 0o755, owner: nil)
        }
        let layout = InstanceLayout(
            dataDirectory: "\(directory)/data", socketDirectory: directory, runtimeDirectory: directory,
            binaries: try PostgresBinaries.locate(searchPaths: [directory]), port: 1, listenAddresses: "",
            memberName: "demo-0", runAs: nil, serverLog: .inherited)
        let tools = ToolRunner(
            layout: layout, logger: Logger(label: "tools", factory: { _ in SwiftLogNoOpLogHandler() }))
        return try await tools.run(
            Tool(program: "postgres", arguments: [], deadline: .seconds(20), input: input)
        ).standardOutput
    }

    /// More than a pipe holds.
    private let long = String(repeating: "0123456789abcde\n", count: 1 << 16)

    @Test func `a program reads what it is given to its end`() async throws {
        #expect(try await run("cat | wc -c", input: long) == "\(1 << 20)\n")
        #expect(try await run("cat", input: "SELECT 'ä';") == "SELECT 'ä';")
        #expect(try await run("cat", input: "") == "")
    }

    @Test func `a program that ends without reading says why`() async throws {
        let error = await #expect(throws: InstanceError.self) {
            _ = try await run("echo 'FATAL: no space left' >&2; exit 3", input: long)
        }
        #expect(error?.code == .toolFailed)
        #expect(error?.message.hasSuffix("FATAL: no space left") == true, "\(error?.message ?? "")")
    }

    @Test func `a program without input has none, and no pipe`() async throws {
        #expect(try await run("readlink /proc/self/fd/0", input: nil) == "/dev/null\n")
    }
}
