import Testing

/// The contract between operator, agents and command line holds only as long as each of its words stands in one place.
@Suite struct KeyTests {
    /// A label, an annotation, a path or a header, as its file declares it.
    struct Key {
        let name: String
        let text: String
        let file: String

        /// Nothing else is written so. The others (`role`, `status`, …) are names of JSON fields and of REST paths, too.
        var isUnmistakable: Bool {
            text.contains { "/-_".contains($0) || $0.isUppercase } || ["optime", "transitions"].contains(text)
        }
    }

    private static let files = [
        "Sources/ClusterRecords/Keys/Labels.swift", "Sources/ClusterRecords/Keys/StoreKey.swift",
        "Sources/ClusterRecords/Peers/PeerPath.swift", "Sources/KubernetesModels/Kinds/EndpointSlice.swift",
    ]

    /// Words of Patroni's REST API, which are the same as those of its annotations.
    private static let spokenElsewhere = [
        "sync_standby": [
            "Sources/AgentAPI/Documents/ClusterDocument.swift", "Sources/AgentAPI/Documents/MemberDocument.swift",
        ]
    ]

    static func keys() throws -> [Key] {
        try files.flatMap { path -> [Key] in
            var isValue = false
            return try SourceFile(path).lines.compactMap { line -> Key? in
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

    @Test func `the keys are found in their files`() throws {
        let texts = Set(try Self.keys().map(\.text))
        #expect(
            texts.isSuperset(of: [
                "role", "leader", "optime", "sync_standby", "matriarch.dev/epoch", "cluster-name", "/failsafe",
            ]))
        #expect(texts.isDisjoint(with: ["true", "matriarch", "EndpointSlice", "endpointslice-controller.k8s.io"]))
        #expect(texts.count > 45)
    }

    @Test func `no two constants are the same key`() throws {
        let doubled = Dictionary(grouping: try Self.keys(), by: \.text).filter { $0.value.count > 1 }
        #expect(doubled.isEmpty)
    }

    @Test func `a key is written once, where it is declared`() throws {
        let keys = Dictionary(try Self.keys().map { ($0.text, $0) }, uniquingKeysWith: { first, _ in first })
        for file in try SourceFile.all(in: "Sources") {
            for literal in file.literals {
                guard let key = keys[String(literal.text)], file.path != key.file,
                    Self.spokenElsewhere[key.text]?.contains(file.path) != true
                else { continue }
                #expect(
                    !key.isUnmistakable && !Self.isDeclared(literal) && !Self.isAboutAnnotations(literal),
                    "\(literal.place): \"\(key.text)\" is \(key.name) of \(key.file); use that")
            }
        }
    }

    /// Whether a literal is given a name, as a constant or as the value of a case.
    private static func isDeclared(_ literal: SourceFile.Literal) -> Bool {
        let words = literal.before.split(separator: " ")
        return literal.before.hasSuffix(" = ") && words.contains { ["let", "var", "case"].contains($0) }
            && !words.contains { ["if", "guard"].contains($0) }
    }

    /// Whether annotations are read or written in its line. A dictionary of them that begins in another one is not seen.
    private static func isAboutAnnotations(_ literal: SourceFile.Literal) -> Bool {
        literal.line.contains("annotat") || literal.line.contains("Annotat")
    }

    private static let scopeFile = "Sources/ClusterRecords/Scope/Scope.swift"

    /// What `Scope` makes the names of a cluster's objects with: `-config`, `-leader`.
    private static func endings() throws -> Set<Substring> {
        let beginning = "\\(cluster)"
        return Set(
            try SourceFile(scopeFile).literals.map(\.text).filter { $0.hasPrefix(beginning + "-") }
                .map { $0.dropFirst(beginning.count) }.filter { !$0.contains("\\") && $0.count > 1 })
    }

    /// The ending a literal makes a name with: `"\(cluster)-config"`, or `"-config"` to be put behind one.
    private static func ending(_ literal: SourceFile.Literal) -> Substring? {
        if let interpolation = literal.text.lastIndex(of: ")") { return literal.text[interpolation...].dropFirst() }
        return literal.text.hasPrefix("-") ? literal.text : nil
    }

    @Test func `the name of an object is made in Scope alone`() throws {
        let endings = try Self.endings()
        #expect(endings.isSuperset(of: ["-config", "-failover", "-sync", "-leader", "-ro", "-primary-ipv6"]))
        for file in try SourceFile.all(in: "Sources") where file.path != Self.scopeFile {
            for literal in file.literals {
                guard let ending = Self.ending(literal), endings.contains(ending) else { continue }
                Issue.record("\(literal.place): take the name that ends with \(ending) from Scope")
            }
        }
    }

    @Test func `labels and annotations are read and written by the names of their keys`() throws {
        for file in try SourceFile.all(in: "Sources") {
            for literal in file.literals where Self.isLookedUp(literal) {
                Issue.record("\(literal.place): take the key of \"\(literal.text)\" from Labels or StoreKey")
            }
        }
    }

    /// Whether a literal is the key that something is looked up by in labels or annotations.
    private static func isLookedUp(_ literal: SourceFile.Literal) -> Bool {
        guard literal.before.hasSuffix("[") else { return false }
        let owner = literal.before.dropLast().reversed().drop { "?!()".contains($0) }
        if owner.first == "]", let former = literal.former { return ["annotations", "labels"].contains(former) }
        let word = String(owner.prefix { $0.isLetter }.reversed())
        return ["annotations", "labels", "lock", "record"].contains(word)
            || String(owner.dropFirst(word.count).prefix(8).reversed()) == "records."
    }

    @Test(arguments: [
        #"static let leader = "leader""#, #"case status = "status""#, #"annotations["status"]"#,
        #"metadata.labels?["role"]"#, #"json["metadata"]?["annotations"]?["status"]"#, #"cluster.lock()["leader"]"#,
        #"records.failover["member"]"#, #"annotate(name, ["leader": .string(me)])"#,
        #"pod.value(at: "metadata", "annotations", "status")"#, #"let name = "\(cluster)-config""#,
        #"store.write("-sync")"#,
    ])
    func `a second writing is noticed`(line: String) throws {
        #expect(try Self.isNoticed(line))
    }

    @Test(arguments: [
        #"if mode == "quorum" { return }"#, #"let isQuorum = mode == "quorum""#, #"let status = answer["status"]"#,
        #"json["role"]?.stringValue"#, #"// annotations["status"]"#, #"json["member"] = .string(member)"#,
        #"arguments.append("--no-sync")"#,
    ])
    func `a word that means something else is none`(line: String) throws {
        #expect(try !Self.isNoticed(line))
    }

    private static func isNoticed(_ line: String) throws -> Bool {
        let (keys, endings) = (Set(try Self.keys().map(\.text)), try Self.endings())
        return SourceFile(path: "Sources/None/none.swift", text: line).literals.contains { literal in
            isDeclared(literal) || isLookedUp(literal)
                || (keys.contains(String(literal.text)) && isAboutAnnotations(literal))
                || ending(literal).map(endings.contains) ?? false
        }
    }
}
