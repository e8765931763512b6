import Testing

private typealias Evidence = AcceptancePage.Evidence

/// The page of acceptance says of each row what shows it. Tests and scenarios are renamed; it would go on naming them.
@Suite struct AcceptanceTests {
    @Test func `each row of acceptance stands there once, and what it names exists`() throws {
        let page = AcceptancePage(try SourceFile("docs/internals/acceptance.md").text)
        let declared = try Self.tests().union(Self.scenarios())
        #expect(page.problems(knowing: declared, rows: 1...228) == [])
    }

    // MARK: What there is

    /// Each test with every type its file declares or extends.
    private static func tests() throws -> Set<Evidence> {
        var found: Set<Evidence> = []
        for file in try SourceFile.all(in: "Tests") {
            let types = types(in: file)
            for name in names(in: file) { found.formUnion(types.map { Evidence(suite: $0, name: name) }) }
        }
        return found
    }

    private static func types(in file: SourceFile) -> Set<String> {
        var found: Set<String> = []
        for line in file.lines where line.contains("struct ") || line.hasPrefix("extension ") {
            let words = line.split { $0 == " " || $0 == ":" }
            guard let keyword = words.firstIndex(where: { $0 == "struct" || $0 == "extension" }) else { continue }
            if let name = words.dropFirst(keyword + 1).first { found.insert(String(name)) }
        }
        return found
    }

    /// What stands in backquotes before a parenthesis.
    private static func names(in file: SourceFile) -> [String] {
        let parts = file.text.utf8.split(separator: UInt8(ascii: "`"), omittingEmptySubsequences: false)
        var found: [String] = []
        for (name, following) in zip(parts, parts.dropFirst()) where following.first == UInt8(ascii: "(") {
            if !name.contains(UInt8(ascii: "\n")) { found.append(String(Substring(name))) }
        }
        return found
    }

    /// By the folders of what runs them; a scenario's name is a literal there.
    private static func scenarios() throws -> Set<Evidence> {
        let folders = ["faults": "Directed", "bench": "Scenarios", "chaos": "Chaos"]
        var found: Set<Evidence> = []
        for file in try SourceFile.all(in: "Sources/ClusterLab") {
            for (suite, folder) in folders where file.path.hasPrefix("Sources/ClusterLab/\(folder)/") {
                found.formUnion(file.literals.map { Evidence(suite: suite, name: String($0.text)) })
            }
        }
        return found
    }

    // MARK: The check itself

    private static let sound = """
        | shown | 2 |
        | partly | 1 |
        | missing | 1 |
        | otherwise | 1 |
        | of those shown, by runs alone | 1 |

        | Row | What works | State | Shown by |
        |---|---|---|---|
        | 1 | a | shown | LossTests: `lost`, `kept`; bench: `switchover` |
        | 2 | b | shown | bench: `switchover` |
        | 3 | c | partly | LossTests: `kept`. Not yet: d |
        | 4 | e | missing | Not yet: f |
        | 5 | g | otherwise | On purpose: [h](h.md) |
        """

    private static let declared: Set<Evidence> = [
        Evidence(suite: "LossTests", name: "lost"), Evidence(suite: "LossTests", name: "kept"),
        Evidence(suite: "bench", name: "switchover"),
    ]

    @Test func `a page that says what is so has no problem`() {
        #expect(AcceptancePage(Self.sound).problems(knowing: Self.declared, rows: 1...5) == [])
    }

    @Test(
        arguments: [
            ("`kept`; bench", "`kpt`; bench", ["row 1: there is no LossTests: kpt"]),
            (
                "shown | LossTests", "shown | LssTests",
                ["row 1: there is no LssTests: lost", "row 1: there is no LssTests: kept"]
            ),
            ("bench: `switchover` |\n| 2", "faults: `switchover` |\n| 2", ["row 1: there is no faults: switchover"]),
            ("| 2 | b", "| 3 | b", ["row 2 stands there 0 times", "row 3 stands there 2 times"]),
            ("| 5 | g", "| 6 | g", ["row 5 stands there 0 times", "there is no row 6"]),
            ("| 5 | g", "| 5 | g | h", ["row 5 stands there 0 times", "otherwise: there are 0, and the page says 1"]),
            ("shown | 2", "shown | 3", ["shown: there are 2, and the page says 3"]),
            ("alone | 1", "alone | 0", ["of those shown, by runs alone: there are 1, and the page says 0"]),
            ("| missing | 1 |\n", "", ["missing: there are 1, and the page says nothing"]),
            (
                "shown | bench: `switchover`", "shown | nothing",
                [
                    "row 2: shown by nothing, or not yet",
                    "of those shown, by runs alone: there are 0, and the page says 1",
                ]
            ),
            (". Not yet: d", "", ["row 3: partly, and nothing is lacking"]),
            ("Not yet: f", "LossTests: `lost`", ["row 4: missing, and something shows it or nothing is lacking"]),
            ("[h](h.md)", "h", ["row 5: otherwise, and no page says why"]),
            (
                "e | missing", "e | absent",
                ["row 4: there is no state absent", "missing: there are 0, and the page says 1"]
            ),
        ] as [(String, String, [String])])
    func `a page that says what is not so has a problem`(_ text: String, _ instead: String, _ problems: [String]) {
        let page = AcceptancePage(Self.sound.replacing(text, with: instead))
        #expect(page.problems(knowing: Self.declared, rows: 1...5) == problems)
    }
}
