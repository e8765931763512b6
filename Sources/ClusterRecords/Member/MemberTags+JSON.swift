public import HighAvailability
public import KubernetesModels

extension MemberTags {
    /// Reads Patroni's tags; absent ones have their defaults.
    public init(json: JSONValue?) {
        func isSet(_ key: String) -> Bool {
            switch json?[key] {
            case .bool(let flag): flag
            case .string(let text): ["true", "on", "yes", "1"].contains(text.lowercased())
            case .int(let number): number != 0
            case nil, .null, .double, .array, .object: false
            }
        }
        self.init(
            isExcludedFromFailover: isSet("nofailover"), failoverPriority: json?["failover_priority"]?.intValue ?? 1,
            isExcludedFromLoadBalancing: isSet("noloadbalance"), isCloneSource: isSet("clonefrom"),
            isExcludedFromSynchronous: isSet("nosync"), synchronousPriority: json?["sync_priority"]?.intValue ?? 1,
            zone: json?["zone"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 },
            replicatesFrom: json?["replicatefrom"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 },
            streamsFromNobody: isSet("nostream"))
    }

    /// Only what differs from the defaults, as Patroni publishes it.
    public var json: JSONValue {
        var members: [String: JSONValue] = [:]
        if isExcludedFromFailover { members["nofailover"] = true }
        if failoverPriority != 1 { members["failover_priority"] = .int(Int64(failoverPriority)) }
        if isExcludedFromLoadBalancing { members["noloadbalance"] = true }
        if isCloneSource { members["clonefrom"] = true }
        if isExcludedFromSynchronous { members["nosync"] = true }
        if synchronousPriority != 1 { members["sync_priority"] = .int(Int64(synchronousPriority)) }
        if let zone { members["zone"] = .string(zone) }
        if let replicatesFrom { members["replicatefrom"] = .string(replicatesFrom) }
        if streamsFromNobody { members["nostream"] = true }
        return .object(members)
    }
}
