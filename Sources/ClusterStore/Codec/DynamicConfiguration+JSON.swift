public import HighAvailability
public import KubernetesModels
import Units

extension DynamicConfiguration {
    /// Reads Patroni's dynamic configuration.
    ///
    /// Unknown keys are left to whom they belong. A value that breaks a rule is not used: the former timings stay in force
    /// and the problem is reported, so that a bad write into the store can never make a running cluster impossible.
    ///
    /// - Parameter former: what was in force before.
    /// - Returns: the configuration and what was wrong, for a log and a condition.
    public static func reading(_ json: JSONValue, former: DynamicConfiguration) -> (DynamicConfiguration, [String]) {
        guard json.objectValue != nil else { return (former, ["the stored configuration is not an object"]) }
        var result = DynamicConfiguration()
        var problems: [String] = []

        func seconds(_ key: String, _ value: JSONValue?) -> Duration? {
            guard let value, !value.isNull else { return nil }
            guard let number = value.doubleValue ?? value.stringValue.flatMap({ Double($0) }), number >= 0, number < 1e6
            else {
                problems.append("\(key): \(value) is not a number of seconds")
                return nil
            }
            return .milliseconds(Int64(number * 1000))
        }
        func flag(_ key: String, _ value: JSONValue?, _ fallback: Bool) -> Bool {
            guard let value, !value.isNull else { return fallback }
            if let flag = value.boolValue { return flag }
            switch value.stringValue?.lowercased() {
            case "on", "true", "yes", "1": return true
            case "off", "false", "no", "0": return false
            default:
                problems.append("\(key): \(value) is not a boolean")
                return fallback
            }
        }
        func lines(_ key: String) -> [String] {
            guard let value = json["postgresql"]?[key], !value.isNull else { return [] }
            let lines = value.arrayValue?.compactMap(\.stringValue) ?? []
            if lines.count != value.arrayValue?.count {
                problems.append("postgresql.\(key): \(value) is not a list of lines")
            }
            return lines
        }

        var timings = Timings.standard
        timings.ttl = seconds("ttl", json["ttl"]) ?? timings.ttl
        timings.loopWait = seconds("loop_wait", json["loop_wait"]) ?? timings.loopWait
        timings.retryTimeout = seconds("retry_timeout", json["retry_timeout"]) ?? timings.retryTimeout
        timings.fenceMargin =
            seconds("matriarch.fence_margin", json["matriarch"]?["fence_margin"])
            ?? min(timings.fenceMargin, timings.ttl / 6)
        if problems.isEmpty, let problem = timings.validationError { problems.append(problem) }
        // All of them or none: the four are sound together only.
        result.timings = problems.isEmpty ? timings : former.timings
        if let value = json["maximum_lag_on_failover"], !value.isNull {
            if let bytes = value.int64Value.flatMap({ UInt64(exactly: $0) }) {
                result.maximumLagOnFailover = ByteCount(rawValue: bytes)
            } else {
                problems.append("maximum_lag_on_failover: \(value) is not a number of bytes")
                result.maximumLagOnFailover = former.maximumLagOnFailover
            }
        }
        result.isPaused = flag("pause", json["pause"], false)
        result.usesFailsafe = flag("failsafe_mode", json["failsafe_mode"], false)
        result.synchronous = SynchronousPolicy.reading(json, former: former.synchronous, &problems)
        result.primaryStartTimeout = seconds("primary_start_timeout", json["primary_start_timeout"]) ?? .seconds(300)
        result.primaryStopTimeout = seconds("primary_stop_timeout", json["primary_stop_timeout"]) ?? .zero
        result.memberSlotRetention = seconds("member_slots_ttl", json["member_slots_ttl"]) ?? .seconds(30 * 60)

        result.standbyCluster = StandbyCluster.reading(
            json["standby_cluster"], former: former.standbyCluster, &problems)

        if let value = json["matriarch"]?["instances"], !value.isNull {
            if let number = value.intValue, (1...1000).contains(number) {
                result.instances = number
            } else {
                problems.append("matriarch.instances: \(value) is not a number of members")
                result.instances = former.instances
            }
        }

        let postgresql = json["postgresql"]
        if let postgresql, !postgresql.isNull, postgresql.objectValue == nil {
            problems.append("postgresql: \(postgresql) is not an object")
        }
        result.usesRewind = flag("postgresql.use_pg_rewind", postgresql?["use_pg_rewind"], true)
        result.usesSlots = flag("postgresql.use_slots", postgresql?["use_slots"], true)
        let parameters = postgresql?["parameters"]
        if let parameters, !parameters.isNull, parameters.objectValue == nil {
            problems.append("postgresql.parameters: \(parameters) is not an object")
        }
        for (name, value) in parameters?.objectValue ?? [:] {
            switch value {
            case .string(let text): result.parameters[name.lowercased()] = text
            case .bool(let flag): result.parameters[name.lowercased()] = flag ? "on" : "off"
            case .int, .double: result.parameters[name.lowercased()] = value.serialized()
            case .null: break
            case .array, .object: problems.append("postgresql.parameters.\(name): \(value) is not a value")
            }
        }
        result.hostBasedAuthentication = lines("pg_hba")
        result.identityMap = lines("pg_ident")
        return (result, problems)
    }
}
