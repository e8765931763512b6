public import ArgumentParser
public import ClusterLab
import KubernetesModels
import PlainText
import Units

/// What kind of cluster on this machine.
struct LocalOptions: ParsableArguments {
    @Option(help: "Synchronous replication: off, on or quorum.")
    var mode: LocalProfile.Mode = .off

    @Option(help: "Timings: fast, default or tolerant.")
    var profile = "fast"

    @Option(name: .shortAndLong, help: "Output: table, json, or document for the tables of docs/internals/faults.md.")
    var output: Output = .table

    enum Output: String, ExpressibleByArgument {
        case table
        case json
        case document
    }

    func show(
        _ table: @autoclosure () -> TextTable, _ json: @autoclosure () -> JSONValue,
        document: @autoclosure () -> [TextTable]
    ) {
        switch output {
        case .table: print(table().rendered())
        case .json: print(json().prettyPrinted())
        case .document: print(document().map { $0.rendered() }.joined(separator: "\n\n"))
        }
    }

    func validate() throws {
        if LocalProfile.timings(named: profile) == nil {
            throw ValidationError("--profile \(profile): there is none; known are fast, default and tolerant")
        }
    }

    func localProfile() throws -> LocalProfile {
        guard let timings = LocalProfile.timings(named: profile) else {
            throw ValidationError("--profile \(profile): there is none")
        }
        return LocalProfile(timings: timings, mode: mode)
    }
}

extension LocalProfile.Mode: ExpressibleByArgument {}
