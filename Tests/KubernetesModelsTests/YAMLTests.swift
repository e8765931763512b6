import KubernetesModels
import SeededChance
import Testing
import YAML

@Suite("YAML")
struct YAMLTests {
    private static let readings: [(String, JSONValue)] = [
        ("a", "a"), ("yes", true), ("Off", false), ("~", nil), ("", nil), ("12", 12), ("-3", -3),
        ("0x1F", 31), ("010", 8), ("0b11", 3), ("1_000", 1000), ("1.5", 1.5), (".5", 0.5), ("1e3", .double(1000)),
        ("'12'", "12"), ("\"yes\"", "yes"), ("!!str 12", "12"), ("2001-01-01", "2001-01-01"), ("1.2.3", "1.2.3"),
        ("10Gi", "10Gi"), ("08", .double(8)), ("+", "+"), ("--1", "--1"), ("0x", "0x"),
        ("99999999999999999999", .double(1e20)),
        ("[a, {b: 1}]", ["a", ["b": 1]]), ("a: |\n  x\n  y\n", ["a": "x\ny\n"]), ("a: >-\n  x\n  y\n", ["a": "x y"]),
        ("base: &b {x: 1, z: 2}\nuse: {<<: *b, z: 3}", ["base": ["x": 1, "z": 2], "use": ["x": 1, "z": 3]]),
        ("1: a\ntrue: b\n", ["1": "a", "true": "b"]), ("list: &l [1]\nagain: *l", ["list": [1], "again": [1]]),
        ("# only a comment\n", nil),
    ]

    @Test(arguments: readings)
    func `text is resolved as Kubernetes does`(text: String, expected: JSONValue) throws {
        #expect(try YAML.parse(text) == expected)
    }

    @Test(arguments: [
        ("a: b: c", 1, 5), ("a: [1\n", 2, 1), ("a: 1\na: 2\n", 2, 1), ("a: *nowhere", 1, 4), ("a: .nan", 1, 4),
        ("a:\n  - b\n c: d", 3, 2), ("{[1]: 2}", 1, 2), ("<<: 1", 0, 0),
    ])
    func `what is not YAML is refused with line and column`(text: String, line: Int, column: Int) {
        let error = #expect(throws: YAMLError.self) { try YAML.parse(text) }
        if line > 0 {
            #expect(error?.line == line && error?.column == column, "\(String(describing: error))")
        }
    }

    @Test func `several documents are read in order, empty ones left out`() throws {
        #expect(try YAML.parseAll("---\na: 1\n---\n---\n# nothing\n---\nb: 2\n...\n") == [["a": 1], ["b": 2]])
        #expect(throws: YAMLError.self) { try YAML.parse("a: 1\n---\nb: 2\n") }
    }

    @Test func `nesting and the growth by aliases are bounded`() {
        #expect(throws: YAMLError.self) { try YAML.parse(String(repeating: "[", count: 5000)) }
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let alias = "*a\(level - 1)"
            bomb += "a\(level): &a\(level) [\(Array(repeating: alias, count: 10).joined(separator: ", "))]\n"
        }
        #expect(throws: YAMLError.self) { try YAML.parse(bomb) }
    }

    @Test func `output is in block style with sorted keys and quotes what would read differently`() {
        let value: JSONValue = [
            "b": ["x", "yes", "12", ""], "a": ["empty": [:], "none": [], "nothing": nil, "count": 3, "ratio": 0.5],
            "text": "line\nother\n",
        ]
        let expected = """
            a:
              count: 3
              empty: {}
              none: []
              nothing: null
              ratio: 0.5
            b:
            - x
            - 'yes'
            - '12'
            - ''
            text: |
              line
              other

            """
        #expect(YAML.serialized(value) == expected)
        #expect(YAML.serialized([["a": 1], ["b": 2]]) == "a: 1\n---\nb: 2\n")
    }

    @Test func `random values survive the way to YAML and back`() throws {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<3000 {
            let value = JSONValue.random(using: &generator, depth: 4)
            let text = YAML.serialized(value)
            #expect(try YAML.parse(text) == value, "\(value.serialized())\n\(text)")
        }
    }

    @Test func `random text never does worse than an error`() {
        var generator = SeededGenerator(seed: 4)
        let alphabet = Array("ab:-? []{},&*!|>'\"%@`#\n\t 01.~<=\\é\u{85}\u{FEFF}\0")
        for _ in 0..<20_000 {
            let text = String(
                (0..<Int.random(in: 0...30, using: &generator)).map { _ in
                    alphabet.randomElement(using: &generator) ?? " "
                })
            do {
                for value in try YAML.parseAll(text) { _ = value.serialized() }
            } catch {
                #expect(!error.reason.isEmpty)
            }
        }
    }
}
