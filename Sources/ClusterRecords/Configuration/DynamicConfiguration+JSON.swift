public import HighAvailability
public import KubernetesModels
import Units

extension DynamicConfiguration {
    /// Reads the annotation `config` of the configuration's object.
    ///
    /// - Parameters:
    ///   - annotation: nil when there is none.
    ///   - former: what was in force before, and stays in force where the annotation cannot be read.
    /// - Returns: the configuration, and what was wrong, each problem by its key in the store.
    public static func reading(
        annotation: String?, former: DynamicConfiguration
    ) -> (DynamicConfiguration, [Problem]) {
        guard let annotation else { return (former, []) }
        do {
            return reading(try JSONValue(parsing: annotation), former: former)
        } catch {
            return (
                former,
                [Problem(path: StoreKey.configuration, value: nil, rule: "is not JSON: \(error)", refuser: .agent)]
            )
        }
    }

    /// Reads Patroni's dynamic configuration.
    ///
    /// Unknown keys are left to whom they belong. A value that breaks a rule is not used: the former timings stay in force
    /// and the problem is reported, so that a bad write into the store can never make a running cluster impossible.
    ///
    /// - Parameter former: what was in force before.
    /// - Returns: the configuration, and what was wrong, each problem by its key in the store.
    public static func reading(_ json: JSONValue, former: DynamicConfiguration) -> (DynamicConfiguration, [Problem]) {
        guard json.objectValue != nil else {
            return (former, [Problem(path: StoreKey.configuration, json, "is not an object")])
        }
        var result = DynamicConfiguration()
        var problems: [Problem] = []

        func seconds(_ key: String, _ value: JSONValue?) -> Duration? {
            guard let value, !value.isNull else { return nil }
            guard let number = value.doubleValue ?? value.stringValue.flatMap({ Double($0) }), number >= 0, number < 1e6
            else {
                problems.append(Problem(path: key, value, "is not a number of seconds"))
                return nil
            }
            // Doubles are next to what was written: 1.001 s has less than 1001 ms.
            return .milliseconds(Int64((number * 1000).rounded()))
        }
        func flag(_ key: String, _ value: JSONValue?, _ fallback: Bool) -> Bool {
            guard let value, !value.isNull else { return fallback }
            if let flag = value.boolValue { return flag }
            switch value.stringValue?.lowercased() {
            case "on", "true", "yes", "1": return true
            case "off", "false", "no", "0": return false
            default:
                problems.append(Problem(path: key, value, "is not a boolean"))
                return fallback
            }
        }
        func lines(_ key: String) -> [String] {
            guard let value = json["postgresql"]?[key], !value.isNull else { return [] }
            let lines = value.arrayValue?.compactMap(\.stringValue) ?? []
            if lines.count != value.arrayValue?.count {
                problems.append(Problem(path: "postgresql.\(key)", value, "is not a list of lines"))
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
        if problems.isEmpty, let rule = timings.validationError {
            problems.append(Problem(path: "ttl", value: nil, rule: rule, refuser: .agent))
        }
        // All of them or none: the four are sound together only.
        result.timings = problems.isEmpty ? timings : former.timings
        if let value = json["maximum_lag_on_failover"], !value.isNull {
            if let bytes = value.int64Value.flatMap({ UInt64(exactly: $0) }) {
                result.maximumLagOnFailover = ByteCount(rawValue: bytes)
            } else {
                problems.append(Problem(path: "maximum_lag_on_failover", value, "is not a number of bytes"))
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
                problems.append(Problem(path: "matriarch.instances", value, "is not a number of members"))
                result.instances = former.instances
            }
        }

        let postgresql = json["postgresql"]
        if let postgresql, !postgresql.isNull, postgresql.objectValue == nil {
            problems.append(Problem(path: "postgresql", postgresql, "is not an object"))
        }
        result.usesRewind = flag("postgresql.use_pg_rewind", postgresql?["use_pg_rewind"], true)
        result.usesSlots = flag("postgresql.use_slots", postgresql?["use_slots"], true)
        let parameters = postgresql?["parameters"]
        if let parameters, !parameters.isNull, parameters.objectValue == nil {
            problems.append(Problem(path: "postgresql.parameters", parameters, "is not an object"))
        }
        // In one order everywhere: of two that differ in case alone, every member takes the same one.
        for (name, value) in (parameters?.objectValue ?? [:]).sorted(by: { $0.key < $1.key }) {
            switch value {
            case .string(let text): result.parameters[name.lowercased()] = text
            case .bool(let flag): result.parameters[name.lowercased()] = flag ? "on" : "off"
            case .int, .double: result.parameters[name.lowercased()] = value.serialized()
            case .null: break
            case .array, .object:
                problems.append(Problem(path: "postgresql.parameters.\(name)", value, "is not a value"))
            }
        }
        result.hostBasedAuthentication = lines("pg_hba")
        result.identityMap = lines("pg_ident")
        return (result, problems)
    }
}

extension DynamicConfiguration {
    /// The configuration in Patroni's keys, written over what `stored` holds.
    ///
    /// Keys nobody here knows are kept: a tool of Patroni's world may have put them there. `member_slots_ttl` and
    /// `maximum_lag_on_syncnode`, which the resource has no field for, are kept too as long as they have their defaults here.
    /// Whole seconds are integers, which Patroni needs; only our own margin may have a fraction.
    public func json(over stored: JSONValue? = nil) -> JSONValue {
        var configuration = stored?.objectValue ?? [:]
        configuration["ttl"] = Self.seconds(timings.ttl)
        configuration["loop_wait"] = Self.seconds(timings.loopWait)
        configuration["retry_timeout"] = Self.seconds(timings.retryTimeout)
        configuration["maximum_lag_on_failover"] = .int(Int64(clamping: maximumLagOnFailover.rawValue))
        configuration["primary_start_timeout"] = Self.seconds(primaryStartTimeout)
        configuration["primary_stop_timeout"] = Self.seconds(primaryStopTimeout)
        configuration["failsafe_mode"] = .bool(usesFailsafe)
        configuration["pause"] = .bool(isPaused)
        configuration["standby_cluster"] = standbyCluster?.json
        if memberSlotRetention != DynamicConfiguration().memberSlotRetention {
            configuration["member_slots_ttl"] = Self.seconds(memberSlotRetention)
        }
        configuration.merge(synchronous.members) { _, own in own }

        var own = configuration["matriarch"]?.objectValue ?? [:]
        own["fence_margin"] = Self.seconds(timings.fenceMargin)
        own["instances"] = instances.map { JSONValue($0) }
        configuration["matriarch"] = .object(own)

        var server = configuration["postgresql"]?.objectValue ?? [:]
        server["use_pg_rewind"] = .bool(usesRewind)
        server["use_slots"] = .bool(usesSlots)
        server["parameters"] = JSONValue(parameters)
        server["pg_hba"] = JSONValue(hostBasedAuthentication)
        server["pg_ident"] = JSONValue(identityMap)
        configuration["postgresql"] = .object(server)
        return .object(configuration)
    }

    private static func seconds(_ duration: Duration) -> JSONValue {
        let (seconds, attoseconds) = duration.components
        return attoseconds == 0 ? .int(seconds) : .double(Double(seconds) + Double(attoseconds) / 1e18)
    }
}

extension DynamicConfiguration {
    /// Keys and where the resource has them; those it has no field for are not here.
    public static let resourcePaths = [
        "ttl": "spec.highAvailability.ttl",
        "loop_wait": "spec.highAvailability.loopWait",
        "retry_timeout": "spec.highAvailability.retryTimeout",
        "matriarch.fence_margin": "spec.highAvailability.fenceMargin",
        "maximum_lag_on_failover": "spec.highAvailability.maximumLagOnFailover",
        "primary_start_timeout": "spec.highAvailability.primaryStartTimeout",
        "primary_stop_timeout": "spec.highAvailability.primaryStopTimeout",
        "failsafe_mode": "spec.highAvailability.failsafe",
        "synchronous_mode": "spec.highAvailability.synchronous.mode",
        "synchronous_node_count": "spec.highAvailability.synchronous.standbys",
        "synchronous_mode_strict": "spec.highAvailability.synchronous.strict",
        "pause": "spec.paused",
        "matriarch.instances": "spec.instances",
        "standby_cluster": "spec.standby",
        "standby_cluster.primary_slot_name": "spec.standby.primarySlotName",
        "postgresql.parameters": "spec.postgresql.parameters",
        "postgresql.pg_hba": "spec.postgresql.pgHBA",
        "postgresql.pg_ident": "spec.postgresql.pgIdent",
    ]
}

extension Problem {
    /// What an agent found in the stored configuration.
    init(path: String, _ value: JSONValue, _ rule: String) {
        self.init(path: path, value: value.serialized(), rule: rule, refuser: .agent)
    }
}
