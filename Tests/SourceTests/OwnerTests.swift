import Testing

/// State has owners: an actor keeps values that end as a whole, and no set of variables that a dozen places clear in part.
@Suite struct OwnerTests {
    /// The stored variables an actor declares in its own braces; an extension cannot have any.
    static func storedVariables(of actor: String, in file: SourceFile) -> [Substring] {
        let body = file.lines.drop { line in
            !["", "package ", "public "].contains {
                line.hasPrefix("\($0)actor \(actor) ") || line.hasPrefix("\($0)actor \(actor):")
            }
        }.prefix { $0 != "}" }
        return body.compactMap { line -> Substring? in
            guard let match = line.firstMatch(of: /^ {4}(?:[a-z]+(?:\([a-z]+\))? )*var (\w+)(.*)$/) else { return nil }
            let rest = match.output.2
            // A brace opens a getter, unless observers of a stored one are the next thing there.
            guard rest.contains("{") else { return match.output.1 }
            let next = body.drop { $0.startIndex <= line.startIndex }.first ?? ""
            return next.contains("didSet") || next.contains("willSet") ? match.output.1 : nil
        }
    }

    @Test func `the agent's loop keeps machines, at most fifteen`() throws {
        let variables = Self.storedVariables(
            of: "AgentLoop", in: try SourceFile("Sources/AgentShell/Loop/AgentLoop.swift"))
        #expect(variables.contains("life"))
        #expect(variables.count <= 15, "each of these is part of something that ends as a whole: give it to its owner")
    }

    @Test func `a stored variable is told from a computed one`() {
        let text = """
            actor Loop {
                let one = 1
                var two = 2
                private(set) var three: [Int] = []
                nonisolated let four: Int
                var five: Int? {
                    didSet { look() }
                }
                var six: Int { 6 }
                private var seven: Int {
                    7
                }
                private lazy var eight = 8
                func look() {
                    var nine = 9
                }
            }
            struct Other {
                var ten = 10
            }
            """
        let found = Self.storedVariables(of: "Loop", in: SourceFile(path: "Sources/Agent/Loop.swift", text: text))
        #expect(found == ["two", "three", "five", "eight"])
    }
}
