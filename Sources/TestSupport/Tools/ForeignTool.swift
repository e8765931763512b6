import Glibc

/// A program of somebody else that people use with a cluster, as it is packaged.
public enum ForeignTool: String, CaseIterable, Sendable {
    case haproxy
    case patronictl
    case promtool
    case psql

    /// - Throws: ``MemberError`` with what installs it, where it is not there.
    public func path() throws -> String {
        let path: String
        let remedy: String
        switch self {
        case .haproxy: (path, remedy) = ("/usr/sbin/haproxy", "scripts/packages")
        case .psql: (path, remedy) = ("/usr/bin/psql", "scripts/packages")
        case .patronictl, .promtool: (path, remedy) = ("\(Self.folder)/\(rawValue)", "scripts/tools")
        }
        guard access(path, X_OK) == 0 else { throw MemberError("\(path) is missing; run: \(remedy)") }
        return path
    }

    /// Runs it to its end.
    ///
    /// - Parameter environment: beside this process's; nil takes a variable out.
    public func run(
        _ arguments: [String], environment: [String: String?] = [:], input: String = ""
    ) async throws -> BuiltProgram.Outcome {
        try await BuiltProgram.run(try path(), arguments, environment: environment, input: input)
    }

    /// `MATRIARCH_TOOLS_BIN`, or where scripts/tools puts what Debian has not, or has with a daemon.
    private static var folder: String {
        if let folder = getenv("MATRIARCH_TOOLS_BIN") { return String(cString: folder) }
        let home = getenv("HOME").map { String(cString: $0) } ?? ""
        return "\(home)/.cache/matriarch/tools/bin"
    }
}
