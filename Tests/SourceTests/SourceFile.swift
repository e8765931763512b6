import FoundationEssentials
import Testing

/// A Swift file of the repository.
struct SourceFile: CustomTestStringConvertible {
    /// From the repository's root: `Sources/Fence/FenceHandle.swift`.
    let path: String
    let text: String

    static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        .joined(separator: "/")

    var testDescription: String { path }

    /// The target it belongs to: `Fence`.
    var target: String { String(path.split(separator: "/")[1]) }

    /// The modules it imports.
    var imports: Set<String> {
        Set(text.matches(of: /(?m)^(?:@testable )?(?:public )?import (\w+)$/).map { String($0.1) })
    }

    /// What the compiler reads, line by line: without comments.
    var code: [(number: Int, line: Substring)] {
        text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            .filter { !$0.element.drop { $0 == " " }.hasPrefix("//") }
            .map { ($0.offset + 1, $0.element) }
    }

    /// - Parameter folder: `Sources` or `Tests`.
    static func all(in folder: String) throws -> [SourceFile] {
        try FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(folder)").sorted()
            .filter { $0.hasSuffix(".swift") }.map { try SourceFile("\(folder)/\($0)") }
    }

    init(_ path: String) throws {
        let contents = try Data(contentsOf: URL(filePath: "\(Self.root)/\(path)"))
        self.path = path
        text = String(decoding: contents, as: UTF8.self)
    }
}
