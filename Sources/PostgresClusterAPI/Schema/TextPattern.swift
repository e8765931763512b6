/// A regular expression of the schema, matched as API servers match it: by code points, classes in ASCII alone.
struct TextPattern {
    private let expression: Regex<AnyRegexOutput>

    /// - Throws: when it is no regular expression; every pattern of the schema is tried by a test.
    init(_ pattern: String) throws {
        expression = try Regex(pattern).matchingSemantics(.unicodeScalar).asciiOnlyCharacterClasses()
    }

    func matches(_ text: String) -> Bool { text.firstMatch(of: expression) != nil }
}
