import AgentShell
import ClusterRecords

extension TagValue {
    /// What a `tag_<name>=` query is compared with: Python's `str()` in lower case, strings as they are.
    var queryText: String {
        switch self {
        case .bool(let flag): flag ? "true" : "false"
        case .int(let number): String(number)
        case .string(let text): text
        }
    }

    var isTrue: Bool {
        switch self {
        case .bool(let flag): flag
        case .int(let number): number != 0
        case .string(let text): ["true", "on", "yes", "1"].contains(text.lowercased())
        }
    }

    var json: OrderedJSON {
        switch self {
        case .bool(let flag): .bool(flag)
        case .int(let number): .int(number)
        case .string(let text): .string(text)
        }
    }
}

extension OrderedJSON {
    static func tags(_ tags: [String: TagValue]) -> OrderedJSON {
        .object(tags.sorted { $0.key < $1.key }.map { ($0.key, $0.value.json) })
    }
}
