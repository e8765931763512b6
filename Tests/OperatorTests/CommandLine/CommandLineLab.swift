import ClusterRecords
import Glibc
import KubernetesModels
import PostgresClusterAPI
import Synchronization
import TestSupport

/// The command line as people run it, against a namespace of a real API server.
struct CommandLineLab {
    let lab: OperatorLab
    private let kubeconfig: String

    /// Written once: other runs read it meanwhile.
    private static let written = Mutex<String?>(nil)

    init() async throws {
        let lab = try await OperatorLab()
        kubeconfig = try Self.written.withLock { path in
            let known = try path ?? lab.plane.adminKubeconfig()
            path = known
            return known
        }
        self.lab = lab
    }

    /// A cluster without an operator: its resource, its store and its members are as the test makes them.
    init(cluster spec: [String: JSONValue]) async throws {
        try await self.init()
        try await lab.apply("demo", instances: 3, spec)
    }

    var environment: [String: String?] { ["KUBECONFIG": kubeconfig, "NO_COLOR": "1", "KUBE_EDITOR": nil] }

    /// - Parameter arguments: of the command, which is the first; the namespace follows it.
    func run(
        _ arguments: String..., environment: [String: String?] = [:], input: String = ""
    ) async throws -> BuiltProgram.Outcome {
        try await BuiltProgram.run(
            inNamespace(arguments), environment: self.environment.merging(environment) { $1 }, input: input)
    }

    /// The same on a terminal.
    func runOnTerminal(
        _ arguments: String..., environment: [String: String?] = [:], typing input: String
    ) async throws -> BuiltProgram.Outcome {
        try await BuiltProgram.runOnTerminal(
            inNamespace(arguments), environment: self.environment.merging(environment) { $1 }, typing: input)
    }

    func run(_ arguments: [String], environment: [String: String?] = [:]) async throws -> BuiltProgram.Outcome {
        try await BuiltProgram.run(
            inNamespace(arguments), environment: self.environment.merging(environment) { $1 })
    }

    /// A folder with these shell scripts as programs.
    func programs(_ scripts: [String: String]) throws -> String {
        var folder = Array("/tmp/matriarch-programs-XXXXXX".utf8CString)
        guard mkdtemp(&folder) != nil else { throw FixtureError("no folder for programs") }
        let path = String(decoding: folder.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        for (name, script) in scripts {
            guard let file = fopen("\(path)/\(name)", "w") else { throw FixtureError("cannot write \(path)/\(name)") }
            fputs("#!/bin/sh\n\(script)\n", file)
            fclose(file)
            chmod("\(path)/\(name)", 0o755)
        }
        return path
    }

    func write(_ text: String, to path: String) throws {
        guard let file = fopen(path, "w") else { throw FixtureError("cannot write \(path)") }
        fputs(text, file)
        fclose(file)
    }

    /// What stands in a file.
    func text(_ path: String) throws -> String { try OperatorLab.contents(path) }

    /// The arguments of every process of this machine.
    func processes() throws -> String {
        guard let folder = opendir("/proc") else { throw FixtureError("cannot read /proc") }
        defer { closedir(folder) }
        var lines: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            // One that ends meanwhile has none.
            guard Int(name) != nil, let text = try? OperatorLab.contents("/proc/\(name)/cmdline") else { continue }
            lines.append(text.replacing("\0", with: " "))
        }
        return lines.joined(separator: "\n")
    }

    private func inNamespace(_ arguments: [String]) -> [String] {
        [arguments[0], "-n", lab.namespace] + arguments.dropFirst()
    }

    /// The store and three members, of which the first leads.
    func bringUp(history: String? = nil) async throws {
        var configuration: JSONValue = [StoreKey.initialization: "7123456789012345678"]
        if let history { configuration[StoreKey.history] = .string(history) }
        try await lab.annotate("demo-config", configuration)
        for ordinal in 0..<3 { try await lab.putMember(ordinal, role: ordinal == 0 ? "primary" : "replica") }
        try await lab.putLock("demo-0")
    }

    func spec() async throws -> JSONValue {
        try await lab.object(PostgresCluster.resource, "demo")["spec"] ?? [:]
    }
}
