import Glibc
import Subprocess
import SystemPackage

/// The `matriarch` that was built with the tests, run as people run it.
public enum BuiltProgram {
    /// How a run ended, and what it said.
    public struct Outcome: Sendable {
        /// As a shell reports it.
        public var status: Int32
        public var output: String
        public var error: String
    }

    /// Runs it to its end.
    ///
    /// - Parameter environment: beside this process's; nil takes a variable out.
    public static func run(
        _ arguments: [String], environment: [String: String?] = [:], input: String = ""
    ) async throws -> Outcome {
        try await run(path(), arguments, environment: environment, input: input)
    }

    /// Runs it on a terminal of its own, with what is typed there; everything it says is the output.
    public static func runOnTerminal(
        _ arguments: [String], environment: [String: String?] = [:], typing input: String
    ) async throws -> Outcome {
        let command = ([try path()] + arguments).map { "'\($0)'" }.joined(separator: " ")
        return try await run(
            "/usr/bin/script", ["-qec", command, "/dev/null"], environment: environment, input: input)
    }

    /// What a script of the shell says.
    ///
    /// - Throws: ``MemberError`` when it fails.
    public static func shell(_ script: String) async throws -> String { try await HostShell.run(script) }

    static func run(
        _ program: String, _ arguments: [String], environment: [String: String?], input: String
    ) async throws -> Outcome {
        let variables = Dictionary(
            environment.compactMap { name, value in Environment.Key(rawValue: name).map { ($0, value) } },
            uniquingKeysWith: { first, _ in first })
        let result = try await Subprocess.run(
            .path(FilePath(program)), arguments: Arguments(arguments), environment: .inherit.updating(variables),
            input: .string(input), output: .string(limit: 16 << 20), error: .string(limit: 1 << 20))
        let status: Int32 =
            switch result.terminationStatus {
            case .exited(let code): Int32(code)
            case .signaled(let signal): 128 + Int32(signal)
            }
        return Outcome(status: status, output: result.standardOutput, error: result.standardError)
    }

    /// What `MATRIARCH_PROGRAM` names, or the `matriarch` that was built with the tests: beside the test bundle.
    public static func path() throws -> String {
        if let named = getenv("MATRIARCH_PROGRAM") { return String(cString: named) }
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let executable = String(decoding: buffer.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        for path in [executable] + CommandLine.arguments where path.hasPrefix("/") {
            let folder = path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex)
            if access("\(folder)/matriarch", X_OK) == 0 { return "\(folder)/matriarch" }
        }
        throw MemberError("matriarch is not beside \(executable); run: swift build --product matriarch")
    }
}
