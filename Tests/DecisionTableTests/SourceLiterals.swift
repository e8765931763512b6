/// The string literals of Swift source that are sentences: those with a space between two words.
struct SourceLiterals {
    /// The fixed parts of a literal, in order, with interpolations between them.
    struct Literal: CustomStringConvertible {
        var parts: [String]

        var description: String { parts.joined(separator: "…") }

        /// Whether the fixed parts come up in `text` in this order.
        func matches(_ text: String) -> Bool {
            var rest = text[...]
            for part in parts where !part.isEmpty {
                guard let range = rest.firstRange(of: part) else { return false }
                rest = rest[range.upperBound...]
            }
            return true
        }
    }

    let sentences: [Literal]

    init(_ source: String) {
        let code = source.split(separator: "\n").filter { line in
            !line.drop { $0 == " " }.hasPrefix("//")
        }.joined(separator: "\n")
        var scanner = Scanner(rest: code[...])
        sentences = scanner.literals().filter { literal in
            literal.parts.contains { $0.drop { $0 == " " }.contains(" ") }
        }
    }

    private struct Scanner {
        var rest: Substring

        mutating func literals() -> [Literal] {
            var all: [Literal] = []
            while let start = rest.firstIndex(of: "\"") {
                rest = rest[rest.index(after: start)...]
                all.append(literal())
            }
            return all
        }

        /// Behind the opening quote; leaves the scanner behind the closing one.
        private mutating func literal() -> Literal {
            var parts = [""]
            while let character = rest.popFirst() {
                if character == "\"" { break }
                guard character == "\\" else {
                    parts[parts.count - 1].append(character)
                    continue
                }
                guard rest.popFirst() == "(" else { continue }
                skipInterpolation()
                parts.append("")
            }
            return Literal(parts: parts)
        }

        private mutating func skipInterpolation() {
            var depth = 1
            while depth > 0, let character = rest.popFirst() {
                switch character {
                case "(": depth += 1
                case ")": depth -= 1
                case "\"": _ = literal()
                case _: break
                }
            }
        }
    }
}
