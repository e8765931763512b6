import PlainText
import Testing

@Suite struct JSONTextTests {
    private static func quoted(_ text: String, _ style: JSONText.Style) -> String {
        var output: [UInt8] = []
        JSONText.append(quoted: text, to: &output, style)
        return String(decoding: output, as: UTF8.self)
    }

    @Test(arguments: [
        ("plain", #""plain""#), ("\"a\\b\"", #""\"a\\b\"""#), ("a\tb\nc\r", #""a\tb\nc\r""#),
        ("\u{1}\u{1F}\u{8}\u{C}", #""\u0001\u001f\u0008\u000c""#), ("é\u{1F418}\u{7F}", "\"é\u{1F418}\u{7F}\""),
    ])
    func `text is escaped where JSON demands it`(text: String, expected: String) {
        #expect(Self.quoted(text, .utf8) == expected)
        var output = "x"
        JSONText.append(quoted: text, to: &output)
        #expect(output == "x" + expected)
    }

    @Test(arguments: [
        ("plain", #""plain""#), ("\u{1}\u{8}\u{C}\t\n\r", #""\u0001\b\f\t\n\r""#),
        ("é\u{1F418}\u{7F}", #""\u00e9\ud83d\udc18\u007f""#),
    ])
    func `Python's way is ASCII alone`(text: String, expected: String) {
        #expect(Self.quoted(text, .python) == expected)
    }
}
