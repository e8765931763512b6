import ClusterRecords
import KubernetesModels
import PlainText

/// What a member decided, oldest first, as `matriarch why` shows it.
struct DecisionTable {
    var decisions: [DecisionRecord]

    var table: RecordTable<DecisionRecord> {
        RecordTable(
            columns: [
                .init(key: "Since") { .string($0.since) },
                .init(key: "Until") { .string($0.until) },
                .init(key: "Times", alignment: .right) { .int(Int64($0.count)) },
                .init(key: "Kind") { .string($0.kind.rawValue) },
                .init(key: "Decision", value: { .string($0.what) }, shown: { Self.folded($0.what, at: 24) }),
                .init(key: "Reason", value: { .string($0.reason) }, shown: { Self.folded($0.reason, at: 40) }),
                .init(
                    key: "Saw", value: { .object($0.saw.mapValues { .string($0) }) },
                    shown: { Self.lines($0.saw).map { Self.folded($0, at: 60) }.joined(separator: "\n") }),
            ], records: decisions)
    }

    /// What there was always first, so that two entries can be compared.
    private static func lines(_ saw: [String: String]) -> [String] {
        let first = ["lock", "server", "members", "own position", "answers"]
        let names = first.filter { saw[$0] != nil } + saw.keys.filter { !first.contains($0) }.sorted()
        return names.compactMap { name in saw[name].map { "\(name): \($0)" } }
    }

    /// Broken at spaces into lines of about `width` characters.
    static func folded(_ text: String, at width: Int) -> String {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines.joined(separator: "\n")
    }
}
