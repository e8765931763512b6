import DecisionTable
import FoundationEssentials
import HighAvailability
import Testing

@Suite struct DecisionTableTests {
    private static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        .joined(separator: "/")

    private func text(_ path: String) throws -> String {
        let data = try #require(FileManager.default.contents(atPath: "\(Self.root)/\(path)"), "no \(path)")
        return String(decoding: data, as: UTF8.self)
    }

    @Test func `the page in the repository is what decide says`() throws {
        let page = try text("docs/internals/decide.md")
        #expect(page == DecisionTable.markdown, "run swift run matriarch-generate all --root .")
    }

    @Test func `every branch has a row, and among the special ones only one`() {
        let special = DecisionTable.special.map(\.branch)
        #expect(Set(special).count == special.count)
        #expect(Set(DecisionTable.plain.map(\.branch)).isDisjoint(with: special))
    }

    /// Words in the source that are the text of a reason have to come up in a row. So a branch no situation reaches is seen, too.
    @Test func `every reason in the source of decide comes up in the table`() throws {
        let folder = "Sources/HighAvailability/Decision"
        let rows = DecisionTable.plain + DecisionTable.special
        let reasons = Set(rows.map(\.decision.reason))
        let files = try FileManager.default.contentsOfDirectory(atPath: "\(Self.root)/\(folder)").sorted()
        var count = 0
        for file in files where file.hasPrefix("decide") {
            for literal in SourceLiterals(try text("\(folder)/\(file)")).sentences {
                count += 1
                #expect(
                    reasons.contains { literal.matches($0) },
                    """
                    \(file) has the reason "\(literal)", and no row of docs/internals/decide.md shows it. Add what leads to it (a \
                    lock, a server or a deviation) to Sources/DecisionTable/Situation+Catalogue.swift, then run \
                    swift run matriarch-generate all --root .
                    """)
            }
        }
        #expect(count > 40)
    }

    @Test func `a literal matches what it could have made, and nothing else`() {
        let literals = SourceLiterals(#"return Decision(.wait, "waiting for \(name(of: "x")) to bootstrap")"#).sentences
        #expect(literals.map(\.description) == ["waiting for … to bootstrap"])
        #expect(literals.first?.matches("waiting for demo-1 to bootstrap") == true)
        #expect(literals.first?.matches("waiting for leader to boot") == false)
        #expect(SourceLiterals("// \"no code at all\"\nlet a = \"word\"").sentences.isEmpty)
    }
}
