import KubernetesModels
import SeededChance
import Testing

@Suite("JSON values")
struct JSONValueTests {
    private static let readings: [(String, JSONValue)] = [
        ("null", nil), ("true", true), (" false\n", false), ("0", 0), ("-12", -12),
        ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
        ("9223372036854775808", .double(9_223_372_036_854_775_808)), ("1.5", 1.5), ("-2e3", .double(-2000)),
        (#""""#, ""), (#""a\u00e9\n\"\\\/""#, "aé\n\"\\/"), (#""\ud83d\udc18""#, "🐘"), (#""\ud83d""#, "\u{FFFD}"),
        (#""\ud83d\u0041""#, "\u{FFFD}A"), ("[]", []), ("[1, [2], {}]", [1, [2], [:]]),
        (#"{"a":1,"b":{"c":null}}"#, ["a": 1, "b": ["c": nil]]), (#"{"a":1,"a":2}"#, ["a": 2]),
    ]

    @Test(arguments: readings)
    func `text is parsed exactly`(text: String, expected: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == expected)
    }

    @Test(arguments: [
        "", " ", "nul", "truee", "01", "-", "1.", ".5", "1e", "+1", "\"", "\"\\x\"", "\"\\u12\"", "\"\n\"", "[1,]",
        "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "1 2", "NaN", "1e999", "\u{FEFF}1",
    ])
    func `what is not JSON is refused with a place`(text: String) {
        let error = #expect(throws: JSONParsingError.self) { try JSONValue(parsing: text) }
        #expect((error?.offset ?? -1) >= 0 && (error?.offset ?? .max) <= text.utf8.count)
    }

    @Test func `text that is not UTF-8 is refused`() {
        #expect(throws: JSONParsingError.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22] as [UInt8]) }
    }

    @Test func `nesting is bounded`() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: JSONParsingError.self) { try JSONValue(parsing: deep) }
        let fits = String(repeating: "[", count: 200) + String(repeating: "]", count: 200)
        #expect(throws: Never.self) { try JSONValue(parsing: fits) }
    }

    @Test func `equal values give equal text with sorted keys`() {
        let value: JSONValue = ["b": [1, 2.5, nil], "a": ["x": "\u{1}\"é"]]
        #expect(value.serialized() == #"{"a":{"x":"\u0001\"é"},"b":[1,2.5,null]}"#)
    }

    @Test func `random values survive the way to text and back`() throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<2000 {
            let value = JSONValue.random(using: &generator, depth: 4)
            #expect(try JSONValue(parsing: value.serialized()) == value)
            #expect(try JSONValue(parsing: value.prettyPrinted()) == value)
        }
    }

    @Test func `random bytes never do worse than an error`() {
        var generator = SeededGenerator(seed: 2)
        let alphabet = Array("{}[]\",:\\u0123456789eE+-.truefalsn \n\u{7f}é".utf8) + [0xFF, 0x00, 0xC3]
        var accepted = 0
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                alphabet.randomElement(using: &generator) ?? 0
            }
            do {
                let value = try JSONValue(parsing: bytes)
                accepted += 1
                #expect(try JSONValue(parsing: value.serialized()) == value)
            } catch {
                #expect(error.offset <= bytes.count)
            }
        }
        #expect(accepted > 0)
    }

    @Test func `members are reached, set and removed by name`() {
        var value: JSONValue = ["metadata": ["labels": ["role": "primary"]]]
        #expect(value.value(at: "metadata", "labels", "role")?.stringValue == "primary")
        #expect(value.value(at: "metadata", "absent", "role") == nil)
        value["metadata"]?["labels"]?["role"] = nil
        #expect(value == ["metadata": ["labels": [:]]])
        #expect(JSONValue.double(3).intValue == 3)
        #expect(JSONValue.double(3.5).intValue == nil)
        #expect(value["metadata"]?["labels"]?.stringMapValue == [:])
    }

    @Test func `integers stay exact through Codable`() throws {
        let value: JSONValue = ["big": .int(9_007_199_254_740_993), "list": [true, nil, "x", 1.5]]
        #expect(try JSONValue(encoding: value) == value)
        #expect(try value.decoded(as: JSONValue.self) == value)
    }
}

extension JSONValue {
    static func random(using generator: inout SeededGenerator, depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &generator) {
        case 0: .null
        case 1: .bool(Bool.random(using: &generator))
        case 2: .int(Int64(bitPattern: generator.next()) >> Int64.random(in: 0..<64, using: &generator))
        case 3: .double(Double.random(in: -1e12...1e12, using: &generator))
        case 4: .string(randomText(using: &generator))
        case 5:
            .array(
                (0..<Int.random(in: 0..<4, using: &generator)).map { _ in random(using: &generator, depth: depth - 1) })
        case _:
            .object(
                Dictionary(
                    (0..<Int.random(in: 0..<4, using: &generator)).map { _ in
                        (randomText(using: &generator), random(using: &generator, depth: depth - 1))
                    }, uniquingKeysWith: { _, last in last }))
        }
    }

    static func randomText(using generator: inout SeededGenerator) -> String {
        let samples = [
            "true", "no", "null", "~", "0x1F", "1e3", "012", "- a", "a: b", "#x", "'", "\"", "\\", " lead", "trail ",
            "\n", "a\nb\n", "\ttab", "é", "🐘", "\u{85}", "\u{2028}", "\r\n", "%", "@", "&a", "*a", "!t", "|", ">", "[",
            "{", "", "<<", "=", ":", "?", "---", "...", "\u{7F}", "\u{1}", "\u{FEFF}", "2001-01-01", ".inf", "1_000",
            "k8s",
        ]
        return (0..<Int.random(in: 0..<3, using: &generator)).map { _ in
            samples.randomElement(using: &generator) ?? ""
        }.joined()
    }
}
