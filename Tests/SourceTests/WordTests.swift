import FoundationEssentials
import Testing

/// The page of the house's own words points at the files they live in; files move.
@Suite struct WordTests {
    struct Word {
        let name: String
        let file: String
    }

    private static let page = "docs/internals/words.md"

    static func words() throws -> [Word] {
        let text = String(decoding: try Data(contentsOf: URL(filePath: "\(SourceFile.root)/\(page)")), as: UTF8.self)
        return text.split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|").map { $0.trimming { $0 == " " || $0 == "`" } }
            guard line.hasPrefix("| "), cells.count == 3, cells[2].hasPrefix("Sources/") else { return nil }
            return Word(name: cells[0], file: cells[2])
        }
    }

    @Test func `each word lives in a file that exists and uses it`() throws {
        let words = try Self.words()
        #expect(words.count >= 35)
        for word in words {
            guard let file = try? SourceFile(word.file) else {
                Issue.record("\(Self.page): \(word.name) lives in \(word.file), which is not there")
                continue
            }
            #expect(
                Self.stems(of: word.name).allSatisfy { stem in file.text.lowercased().contains(stem) },
                "\(word.file) does not speak of \(word.name)")
        }
    }

    /// What every form of a word begins with: `give way` is `givesWay` in a name.
    private static func stems(of word: String) -> [String] {
        word.lowercased().split(separator: " ").map { part in String(part.prefix(max(3, part.count - 2))) }
    }

    @Test func `the words are in order, and none is there twice`() throws {
        let names = try Self.words().map(\.name)
        #expect(names == names.sorted())
        #expect(Set(names).count == names.count)
    }
}

extension Substring {
    fileprivate func trimming(_ isMargin: (Character) -> Bool) -> String {
        var text = self
        while let first = text.first, isMargin(first) { text.removeFirst() }
        while let last = text.last, isMargin(last) { text.removeLast() }
        return String(text)
    }
}
