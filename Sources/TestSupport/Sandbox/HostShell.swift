import Subprocess
import SystemPackage

/// Scripts on the host, for what only its tools can do: `ip`, `iptables`, `mount`.
enum HostShell {
    /// - Throws: ``MemberError`` with what the script said.
    @discardableResult
    static func run(_ script: String, environment: [String: String] = [:], input: String = "") async throws -> String {
        let variables = Dictionary(
            environment.compactMap { name, value in Environment.Key(rawValue: name).map { ($0, Optional(value)) } },
            uniquingKeysWith: { first, _ in first })
        let result = try await Subprocess.run(
            .path("/bin/sh"), arguments: ["-ec", script], environment: .inherit.updating(variables),
            input: .string(input), output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else {
            throw MemberError("\(script): \(result.standardError)")
        }
        return result.standardOutput
    }
}
