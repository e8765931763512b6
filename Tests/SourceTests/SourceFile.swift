import FoundationEssentials

/// A Swift file of the repository.
struct SourceFile {
    /// From the repository's root: `Sources/Fence/FenceHandle.swift`.
    let path: String
    let text: String

    static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        .joined(separator: "/")

    /// - Parameter folder: `Sources` or `Tests`.
    static func all(in folder: String) throws -> [SourceFile] {
        try FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(folder)").sorted()
            .filter { $0.hasSuffix(".swift") }.map { try SourceFile("\(folder)/\($0)") }
    }

    init(_ path: String) throws {
        let contents = try Data(contentsOf: URL(filePath: "\(Self.root)/\(path)"))
        self.init(path: path, text: String(decoding: contents, as: UTF8.self))
    }

    init(path: String, text: String) {
        self.path = path
        self.text = text
    }

    /// The target it belongs to: `Fence`.
    var target: String { String(path.split(separator: "/")[1]) }

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

    /// The modules it imports.
    var imports: Set<String> {
        Set(
            lines.lazy.filter { line in
                ["import ", "public import ", "package import ", "@testable import "].contains { line.hasPrefix($0) }
            }
            .compactMap { $0.split(separator: " ").last.map(String.init) })
    }

    /// A text between quotation marks, comments left out.
    struct Literal {
        let place: String
        let line: Substring
        let text: Substring
        /// What stands before it in its line, up to the literal before it.
        let before: Substring
        /// The literal before it.
        let former: Substring?
    }

    /// The literals of the file. One with quotation marks in it counts as several.
    var literals: [Literal] {
        lines.enumerated().flatMap { index, line -> [Literal] in
            // A first look: most lines have none, and this is the quick way to know.
            guard line.utf8.contains(UInt8(ascii: "\"")), !line.drop(while: { $0 == " " }).hasPrefix("//") else {
                return []
            }
            let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
            return stride(from: 1, to: parts.count, by: 2).map { position in
                Literal(
                    place: "\(path):\(index + 1)", line: line, text: parts[position], before: parts[position - 1],
                    former: position > 1 ? parts[position - 2] : nil)
            }
        }
    }
}
