import KubernetesModels
import Testing

@Suite struct MergePatchTests {
    /// From the appendix of RFC 7386, and one that a parameter met.
    private static let examples: [(JSONValue, JSONValue, JSONValue)] = [
        (["a": "b"], ["a": "c"], ["a": "c"]),
        (["a": "b"], ["b": "c"], ["a": "b", "b": "c"]),
        (["a": "b"], ["a": .null], [:]),
        (["a": "b", "b": "c"], ["a": .null], ["b": "c"]),
        (["a": ["b"]], ["a": "c"], ["a": "c"]),
        (["a": "c"], ["a": ["b"]], ["a": ["b"]]),
        (["a": ["b": "c"]], ["a": ["b": "d", "c": .null]], ["a": ["b": "d"]]),
        (["a": [["b": "c"]]], ["a": [1]], ["a": [1]]),
        (["a": "foo"], "bar", "bar"),
        (["e": .null], ["a": 1], ["e": .null, "a": 1]),
        (["a": ["b"]], ["c": .null], ["a": ["b"]]),
        ([:], ["a": ["bb": ["ccc": .null]]], ["a": ["bb": [:]]]),
    ]

    @Test func `a patch is merged as the RFC has it`() {
        for (target, patch, result) in Self.examples { #expect(target.applying(mergePatch: patch) == result) }
    }

    @Test func `the patch from one to another makes the other, and is empty for the same`() {
        let values: [JSONValue] = [
            [:], ["a": 1], ["a": ["b": 1, "c": [1, 2]]], ["a": ["b": 2], "d": "e"], ["a": [1]], ["a": [:]],
        ]
        for old in values {
            for new in values {
                let patch = old.mergePatch(to: new)
                #expect(old.applying(mergePatch: patch) == new)
                #expect((patch == [:]) == (old == new))
            }
        }
    }
}
