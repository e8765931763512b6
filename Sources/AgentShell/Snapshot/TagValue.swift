import ClusterRecords
public import HighAvailability
import KubernetesModels

/// A tag of a member, as an administrator wrote it.
public enum TagValue: Hashable, Sendable {
    case bool(Bool)
    case int(Int64)
    case string(String)
}

extension MemberTags {
    /// The tags that differ from their defaults, by Patroni's names.
    public var values: [String: TagValue] {
        (json.objectValue ?? [:]).compactMapValues { value -> TagValue? in
            switch value {
            case .bool(let flag): .bool(flag)
            case .int(let number): .int(number)
            case .string(let text): .string(text)
            case .null, .double, .array, .object: nil
            }
        }
    }
}
