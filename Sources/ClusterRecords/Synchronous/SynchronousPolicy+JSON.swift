public import HighAvailability
import KubernetesModels
import Units

extension SynchronousPolicy {
    /// Reads the policy from the annotation `config` of the configuration's object, for whoever needs nothing else of it.
    ///
    /// nil for what is no JSON object, and for a mode nobody can read.
    public init?(annotation: String) {
        guard let json = try? JSONValue(parsing: annotation), json.objectValue != nil else { return nil }
        var problems: [Problem] = []
        // Whichever former one comes out, it was not read.
        let read = [SynchronousPolicy(mode: .off), SynchronousPolicy(mode: .on)].map {
            SynchronousPolicy.reading(json, former: $0, &problems)
        }
        guard read[0].mode == read[1].mode else { return nil }
        self = read[0]
    }

    /// Reads Patroni's keys: `synchronous_mode`, `synchronous_node_count`, `synchronous_mode_strict`,
    /// `maximum_lag_on_syncnode`.
    ///
    /// A mode nobody can read does not turn a promise off: the former one stays in force.
    static func reading(
        _ json: JSONValue, former: SynchronousPolicy, _ problems: inout [Problem]
    ) -> SynchronousPolicy {
        var policy = SynchronousPolicy()
        switch json["synchronous_mode"] {
        case nil, .null?, .bool(false)?: policy.mode = .off
        case .bool(true)?: policy.mode = .on
        case let value?:
            switch value.stringValue?.lowercased() {
            case "off", "false", "no": policy.mode = .off
            case "on", "true", "yes": policy.mode = .on
            case "quorum": policy.mode = .quorum
            case _:
                problems.append(Problem(path: "synchronous_mode", value, "is not off, on or quorum"))
                return former
            }
        }
        if let value = json["synchronous_node_count"], !value.isNull {
            if let count = value.intValue, count >= 1 {
                policy.standbys = count
            } else {
                problems.append(Problem(path: "synchronous_node_count", value, "is not a number of at least 1"))
                policy.standbys = former.standbys
            }
        }
        switch json["synchronous_mode_strict"] {
        case nil, .null?: break
        case .bool(let flag)?: policy.isStrict = flag
        case let value?:
            switch value.stringValue?.lowercased() {
            case "on", "true", "yes": policy.isStrict = true
            case "off", "false", "no": policy.isStrict = false
            case _:
                problems.append(Problem(path: "synchronous_mode_strict", value, "is not a boolean"))
                policy.isStrict = former.isStrict
            }
        }
        if let value = json["maximum_lag_on_syncnode"], !value.isNull {
            if let bytes = value.int64Value {
                // Patroni's -1: any standby that streams.
                policy.maximumLag = bytes > 0 ? ByteCount(rawValue: UInt64(bytes)) : nil
            } else {
                problems.append(Problem(path: "maximum_lag_on_syncnode", value, "is not a number of bytes"))
                policy.maximumLag = former.maximumLag
            }
        }
        return policy
    }

    /// Patroni's keys that say the same; `maximum_lag_on_syncnode` only when there is a limit.
    var members: [String: JSONValue] {
        var members: [String: JSONValue] = [
            "synchronous_mode": .string(mode.rawValue), "synchronous_node_count": JSONValue(standbys),
            "synchronous_mode_strict": .bool(isStrict),
        ]
        if let maximumLag { members["maximum_lag_on_syncnode"] = .int(Int64(clamping: maximumLag.rawValue)) }
        return members
    }
}
