import FoundationEssentials
import Testing

/// The page of inputs names the tests that show what comes of them; tests are renamed.
@Suite struct InputTests {
    private static let page = "docs/internals/inputs.md"

    /// The names in the last column of the table, in backquotes.
    private static func names() throws -> [Substring] {
        let text = String(decoding: try Data(contentsOf: URL(filePath: "\(SourceFile.root)/\(page)")), as: UTF8.self)
        return text.split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst().flatMap { line -> [Substring] in
            guard let last = line.split(separator: "|").last else { return [] }
            return last.split(separator: "`").filter { $0.contains { $0 != " " && $0 != "," } }
        }
    }

    @Test func `each input's test is there`() throws {
        let names = try Self.names()
        #expect(names.count >= 25)
        var tests: [Substring] = []
        for file in try SourceFile.all(in: "Tests") { tests += file.lines.filter { $0.contains("func `") } }
        for name in names {
            #expect(tests.contains { $0.contains("func `\(name)`") }, "\(Self.page) names no test: \(name)")
        }
    }
}
