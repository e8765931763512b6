import Testing

/// SwiftPM lets a target import whatever happens to have been built before it; so the arrows of Package.swift hold by these
/// tests alone.
@Suite struct DependencyTests {
    private let manifest: Manifest

    init() throws {
        manifest = Manifest(try SourceFile("Package.swift").text)
    }

    @Test(arguments: ["Sources", "Tests"])
    func `a target imports what Package.swift lets it depend on, and nothing else of ours`(folder: String) throws {
        var undeclared: [String: Set<String>] = [:]
        for file in try SourceFile.all(in: folder) {
            let ours = file.imports.filter { manifest.dependencies[$0] != nil }
            let known = try #require(manifest.dependencies[file.target], "Package.swift lacks \(file.target)")
            undeclared[file.target, default: []].formUnion(ours.subtracting(known))
        }
        undeclared = undeclared.filter { !$0.value.isEmpty }
        #expect(undeclared.isEmpty, "add these to the targets' dependencies, or do without them")
    }

    /// Built before the tests, which run it.
    private static let runNotImported: Set = ["matriarch", "matriarch-sim"]

    @Test func `a target depends on nothing of ours that it does not import`() throws {
        let files = try SourceFile.all(in: "Sources") + SourceFile.all(in: "Tests")
        var unused = manifest.dependencies
        for file in files { unused[file.target]?.subtract(file.imports) }
        for target in unused.keys { unused[target]?.subtract(Self.runNotImported) }
        unused = unused.filter { !$0.value.isEmpty }
        #expect(unused.isEmpty, "take these out of the targets' dependencies")
    }

    @Test(arguments: ["Units", "Fence", "InitProcess", "PostgresConfiguration", "ServerControl", "PostgresInstance"])
    func `what decides nothing does not link the election`(target: String) {
        #expect(manifest.dependencies[target] != nil)
        #expect(!manifest.closure(of: target).contains("HighAvailability"))
    }

    @Test(arguments: ["AgentShell", "ClusterStore"])
    func `what runs in both worlds meets no machine`(target: String) throws {
        let closure = manifest.closure(of: target)
        #expect(closure.contains("HighAvailability") && closure.subtracting(Self.pure).isSubset(of: ["ClusterStore"]))
        // A module of the system or of Swift needs no entry in Package.swift.
        let files = try SourceFile.all(in: "Sources").filter { $0.target == target }
        let imports = files.reduce(into: Set<String>()) { $0.formUnion($1.imports) }
        #expect(imports.contains("Synchronization"))
        #expect(imports.subtracting(closure).isSubset(of: ["Logging", "Synchronization"]))
    }

    private static let pure: Set = [
        "Units", "PlainText", "HighAvailability", "PostgresConfiguration", "ServerControl", "KubernetesModels",
        "ClusterRecords", "PostgresClusterAPI", "OperatorPlan",
    ]

    @Test(arguments: pure.sorted())
    func `a pure target depends on pure ones alone`(target: String) {
        #expect(manifest.dependencies[target] != nil)
        #expect(manifest.closure(of: target).isSubset(of: Self.pure))
    }

    @Test func `the manifest is read with its helpers, its spellings and its comments`() {
        let manifest = Manifest(
            """
            let package = Package(
                products: [.executable(name: "one", targets: ["one"])],
                targets: [
                    target("A"),
                    // One C library each.
                    .target(name: "C", linkerSettings: [.linkedLibrary("curl")]),
                    target("B", ["A", "C", log]),
                    .executableTarget(name: "one", dependencies: ["B", log], swiftSettings: strict),
                    tests("BTests", ["B"]),
                ]
            )
            """)
        #expect(manifest.dependencies == ["A": [], "C": [], "B": ["A", "C"], "one": ["B"], "BTests": ["B"]])
        #expect(manifest.closure(of: "one") == ["A", "B", "C"])
    }
}
