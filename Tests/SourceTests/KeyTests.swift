import Testing

/// The contract between operator, agents and command line holds only as long as each of its words stands in one place.
@Suite struct KeyTests {
    /// A label, an annotation, a path or a header, as its file declares it.
    struct Key: CustomTestStringConvertible {
        let name: String
        let text: String
        let file: String

        var testDescription: String { "\(name) = \(text)" }

        /// Nothing else is written so. The others (`role`, `status`, …) are names of JSON fields and of REST paths, too.
        var isUnmistakable: Bool {
            text.contains { "/-_".contains($0) || $0.isUppercase } || ["optime", "transitions"].contains(text)
        }
    }

    private static let files = [
        "Sources/ClusterRecords/Keys/Labels.swift", "Sources/ClusterRecords/Keys/StoreKey.swift",
        "Sources/ClusterRecords/Peers/PeerPath.swift", "Sources/KubernetesModels/Kinds/EndpointSlice.swift",
    ]

    /// Words of Patroni's REST API and of its list, which are the same as those of its annotations.
    private static let spokenElsewhere = [
        "sync_standby": [
            "Sources/AgentAPI/Documents/ClusterDocument.swift", "Sources/AgentAPI/Documents/MemberDocument.swift",
        ]
    ]

    static func keys() throws -> [Key] {
        try files.flatMap { path -> [Key] in
            var isValue = false
            return try SourceFile(path).text.split(separator: "\n").compactMap { line -> Key? in
                if line.contains("///") {
                    isValue = line.contains("/// Value of")
                    return nil
                }
                defer { isValue = false }
                guard !isValue, let match = line.firstMatch(of: /(?:static let|case) (\w+) = "([^"]+)"/) else {
                    return nil
                }
                // What Kubernetes' own writers of EndpointSlices are called is no key.
                if path.contains("KubernetesModels"), !match.2.contains("/") { return nil }
                return Key(name: String(match.1), text: String(match.2), file: path)
            }
        }
    }

    private static func places(_ files: [SourceFile], where found: (SourceFile, Substring) -> Bool) -> [String] {
        files.flatMap { file in
            file.code.filter { found(file, $0.line) }.map { "\(file.path):\($0.number)" }
        }
    }

    @Test func `the keys are found in their files`() throws {
        let texts = Set(try Self.keys().map(\.text))
        #expect(
            texts.isSuperset(of: ["role", "leader", "optime", "sync_standby", "matriarch.dev/epoch", "cluster-name"]))
        #expect(texts.isDisjoint(with: ["true", "matriarch", "EndpointSlice", "endpointslice-controller.k8s.io"]))
        #expect(texts.count > 45)
    }

    @Test func `no two constants are the same key`() throws {
        let doubled = Dictionary(grouping: try Self.keys(), by: \.text).filter { $0.value.count > 1 }
        #expect(doubled.isEmpty)
    }

    @Test func `a key is written once, where it is declared`() throws {
        let sources = try SourceFile.all(in: "Sources")
        for key in try Self.keys() {
            let literal = "\"\(key.text)\""
            let places = Self.places(sources) { file, line in
                guard line.contains(literal), file.path != key.file else { return false }
                if Self.spokenElsewhere[key.text]?.contains(file.path) == true { return false }
                return key.isUnmistakable || Self.declares(line, literal)
            }
            #expect(places.isEmpty, "\(literal) is \(key.name) of \(key.file); use that")
        }
    }

    /// Whether a line gives a literal a name, as a constant or as the value of a case.
    private static func declares(_ line: Substring, _ literal: String) -> Bool {
        line.contains(" = \(literal)") && line.contains(/\b(?:let|var|case)\b/)
            && !line.contains(/\bif\b|\bguard\b|\?\?/)
    }

    /// Whether a line about annotations has a literal, as the key of a dictionary or of a look into one.
    ///
    /// For the words that are names of JSON fields and of REST paths, too: those that stand in a line of their own are not
    /// told apart.
    private static func isAnnotation(_ line: Substring, _ literal: String) -> Bool {
        line.lowercased().contains("annotat") && line.contains(literal)
    }

    @Test func `a word that is a key is not written where annotations are`() throws {
        let words = try Self.keys().filter { !$0.isUnmistakable }
        #expect(words.count > 10)
        let sources = try SourceFile.all(in: "Sources")
        for word in words {
            let places = Self.places(sources) { file, line in
                file.path != word.file && Self.isAnnotation(line, "\"\(word.text)\"")
            }
            #expect(places.isEmpty, "\"\(word.text)\" is \(word.name) of \(word.file); use that")
        }
    }

    /// What `Scope` makes the names of a cluster's objects with: `-config`, `-leader`.
    static func suffixes() throws -> Set<String> {
        let declared = try SourceFile(scopeFile).text.matches(of: /"\\\(cluster\)(-[a-z][a-z0-9-]*)"/)
        return Set(declared.map { String($0.1) })
    }

    private static let scopeFile = "Sources/ClusterRecords/Scope/Scope.swift"

    /// Whether a line makes a name that ends so: `"\(cluster)-config"`, or `"-config"` to be put behind one.
    private static func names(_ line: Substring, _ suffix: String) -> Bool {
        line.contains(")\(suffix)\"") || line.contains("\"\(suffix)\"")
    }

    @Test func `the name of an object is made in Scope alone`() throws {
        let suffixes = try Self.suffixes()
        #expect(suffixes.isSuperset(of: ["-config", "-failover", "-sync", "-leader", "-ro", "-primary"]))
        let sources = try SourceFile.all(in: "Sources")
        for suffix in suffixes {
            let places = Self.places(sources) { file, line in
                file.path != Self.scopeFile && Self.names(line, suffix)
            }
            #expect(places.isEmpty, "\(suffix): take the name from Scope")
        }
    }

    @Test func `labels and annotations are read and written by the names of their keys`() throws {
        let places = Self.places(try SourceFile.all(in: "Sources")) { _, line in
            line.contains(/(?:annotations|labels)"?\]?\??\)?\??\["/) || line.contains(/\b(?:lock|lock\(\)|record)\["/)
                || line.contains(/records\.\w+\["/)
        }
        #expect(places.isEmpty, "take the key from Labels or StoreKey")
    }

    @Test func `a second declaration is noticed`() {
        #expect(Self.declares(#"    static let leader = "leader""#, #""leader""#))
        #expect(Self.declares(#"    case status = "status""#, #""status""#))
        #expect(!Self.declares(#"        let isQuorum = mode == "quorum""#, #""quorum""#))
        #expect(!Self.declares(#"        if mode == "quorum" { return }"#, #""quorum""#))
        #expect(!Self.declares(#"        let status = answer["status"]"#, #""status""#))
        #expect(Self.isAnnotation(#"        await annotate(name, ["leader": .string(me)])"#, #""leader""#))
        #expect(Self.isAnnotation(#"    pod.value(at: "metadata", "annotations", "status")"#, #""status""#))
        #expect(!Self.isAnnotation(#"        json["member"] = .string(member)"#, #""member""#))
        #expect(Self.names(#"        let name = "\(cluster)-config""#, "-config"))
        #expect(Self.names(#"        try await annotations("-sync")"#, "-sync"))
        #expect(!Self.names(#"        arguments.append("--no-sync")"#, "-sync"))
    }
}
