import ClusterRecords
public import HighAvailability

/// A tag of a member, as an administrator wrote it.
public enum TagValue: Hashable, Sendable {
    case bool(Bool)
    case int(Int64)
    case string(String)

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

extension MemberTags {
    /// The tags that differ from their defaults, by Patroni's names.
    public var values: [String: TagValue] {
        var values: [String: TagValue] = [:]
        if isExcludedFromFailover { values["nofailover"] = .bool(true) }
        if failoverPriority != 1 { values["failover_priority"] = .int(Int64(failoverPriority)) }
        if isExcludedFromLoadBalancing { values["noloadbalance"] = .bool(true) }
        if isCloneSource { values["clonefrom"] = .bool(true) }
        if isExcludedFromSynchronous { values["nosync"] = .bool(true) }
        if synchronousPriority != 1 { values["sync_priority"] = .int(Int64(synchronousPriority)) }
        if let zone { values["zone"] = .string(zone) }
        if let replicatesFrom { values["replicatefrom"] = .string(replicatesFrom) }
        if streamsFromNobody { values["nostream"] = .bool(true) }
        return values
    }
}

extension OrderedJSON {
    static func tags(_ tags: [String: TagValue]) -> OrderedJSON {
        .object(tags.sorted { $0.key < $1.key }.map { ($0.key, $0.value.json) })
    }
}
