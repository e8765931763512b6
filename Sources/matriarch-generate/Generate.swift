import DecisionTable
import FoundationEssentials
import PostgresClusterAPI
import YAML

/// Writes the files that are made from the Swift types, or checks that they are up to date.
///
///     matriarch-generate crd|docs|all --root DIR [--check]
@main
struct Generate {
    static func main() throws {
        try Command(CommandLine.arguments.dropFirst()).run()
    }
}

/// One generated file.
struct GeneratedFile {
    let group: String
    let path: String
    /// - Parameter: the repository's folder.
    let contents: @Sendable (String) throws -> String

    static let all = [
        GeneratedFile(group: "crd", path: "manifests/crd/matriarch.dev_postgresclusters.yaml") { _ in
            "# Made by `swift run matriarch-generate crd --root .` from Sources/PostgresClusterAPI; do not edit.\n"
                + YAML.serialized(CustomResourceDefinition.object)
        },
        GeneratedFile(group: "crd", path: "charts/matriarch/templates/crds.yaml") { _ in
            // Helm never upgrades what lies in crds/, so it is a template; the policy keeps it when the chart goes.
            let object = CustomResourceDefinition.object(annotations: ["helm.sh/resource-policy": "keep"])
            return "{{- /* Made by `swift run matriarch-generate crd --root .`; do not edit. */ -}}\n"
                + "{{- if .Values.crds.create }}\n" + YAML.serialized(object) + "{{- end }}\n"
        },
        // After the definition: it is read from the file.
        GeneratedFile(group: "crd", path: "manifests/install.yaml") { try InstallManifest(root: $0).text() },
        GeneratedFile(group: "docs", path: "docs/reference/crd.md") { _ in ReferencePage.markdown },
        GeneratedFile(group: "docs", path: "docs/internals/decide.md") { _ in DecisionTable.markdown },
    ]
}

struct UsageError: Error, CustomStringConvertible {
    let description: String
}

struct Command {
    private var files: [GeneratedFile] = []
    private var root = "."
    private var isCheck = false

    init(_ arguments: ArraySlice<String>) throws {
        var rest = arguments
        guard let group = rest.popFirst() else { throw UsageError(description: Self.usage) }
        files = GeneratedFile.all.filter { group == "all" || $0.group == group }
        guard !files.isEmpty else { throw UsageError(description: Self.usage) }
        while let option = rest.popFirst() {
            switch option {
            case "--check": isCheck = true
            case "--root":
                guard let value = rest.popFirst() else { throw UsageError(description: "--root needs a folder") }
                root = value
            case _: throw UsageError(description: "unknown option \(option)\n\(Self.usage)")
            }
        }
    }

    private static let usage = "usage: matriarch-generate crd|docs|all --root DIR [--check]"

    func run() throws {
        var outdated: [String] = []
        for file in files {
            let wanted = try file.contents(root)
            let path = "\(root)/\(file.path)"
            let present = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
            guard wanted != present else { continue }
            if isCheck {
                outdated.append(file.path)
                continue
            }
            let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data(wanted.utf8).write(to: URL(filePath: path))
            print("wrote \(file.path)")
        }
        guard outdated.isEmpty else {
            throw UsageError(
                description: "out of date: \(outdated.joined(separator: ", "));"
                    + " run swift run matriarch-generate all --root .")
        }
    }
}
