import ClusterRecords
import HighAvailability
import KubernetesModels
import PostgresClusterAPI
import Units

/// A change of the configuration as a merge patch of the cluster's spec.
struct ConfigurationPatch {
    var before: ConfigurationDocument
    var after: ConfigurationDocument

    /// Changes the fields whose keys changed, and no others.
    ///
    /// - Throws: ``ConfigurationRefusal`` for a key without a field, and for a value agents could not read.
    func spec() throws -> JSONValue {
        let unknown = after.unknownKeys
        guard unknown.isEmpty else {
            throw ConfigurationRefusal(
                unknown.map { "\($0): PostgresCluster has no field for this key" } + [
                    "known keys: \(ConfigurationDocument.knownKeys.sorted().joined(separator: ", "))"
                ])
        }
        if let own = after.json["matriarch"], own.objectValue == nil {
            throw ConfigurationRefusal(["matriarch: \(own.serialized()): is not an object"])
        }
        let (former, _) = DynamicConfiguration.reading(before.json, former: DynamicConfiguration())
        let (wanted, problems) = DynamicConfiguration.reading(after.json, former: former)
        guard problems.isEmpty else { throw ConfigurationRefusal(problems.map(\.description)) }
        var spec: JSONValue = [:]
        if changes("pause") { spec["paused"] = present("pause", .bool(wanted.isPaused)) }
        let availability = try availability(wanted)
        if availability != [:] { spec["highAvailability"] = availability }
        if changes("standby_cluster") { spec["standby"] = standby(wanted) }
        let servers = servers()
        if servers != [:] { spec["postgresql"] = servers }
        return spec
    }

    private func changes(_ keys: String...) -> Bool {
        keys.contains { before.json[$0] != after.json[$0] }
    }

    /// null takes the field out, and it has its default.
    private func present(_ key: String, _ value: JSONValue) -> JSONValue {
        after.json[key] == nil ? .null : value
    }

    private func availability(_ wanted: DynamicConfiguration) throws -> JSONValue {
        var fields = try timings(wanted.timings)
        if changes("maximum_lag_on_failover") {
            fields["maximumLagOnFailover"] = present(
                "maximum_lag_on_failover", .string(String(wanted.maximumLagOnFailover.rawValue)))
        }
        if changes("failsafe_mode") { fields["failsafe"] = present("failsafe_mode", .bool(wanted.usesFailsafe)) }
        for (key, field, duration) in [
            ("primary_start_timeout", "primaryStartTimeout", wanted.primaryStartTimeout),
            ("primary_stop_timeout", "primaryStopTimeout", wanted.primaryStopTimeout),
        ] where changes(key) {
            fields[field] = present(key, try Self.wholeSeconds(duration, key))
        }
        if changes("synchronous_mode", "synchronous_node_count", "synchronous_mode_strict") {
            fields["synchronous"] = [
                "mode": present("synchronous_mode", .string(wanted.synchronous.mode.rawValue)),
                "standbys": present("synchronous_node_count", JSONValue(wanted.synchronous.standbys)),
                "strict": present("synchronous_mode_strict", .bool(wanted.synchronous.isStrict)),
            ]
        }
        return fields
    }

    /// The resource has either a profile or the timings, all three of them; what is not written then is filled in.
    private func timings(_ wanted: Timings) throws -> JSONValue {
        let changesTimings =
            changes("ttl", "loop_wait", "retry_timeout") || before.own("fence_margin") != after.own("fence_margin")
        let profile = after.own("profile")
        guard changesTimings || before.own("profile") != profile else { return [:] }
        let none: JSONValue = ["ttl": .null, "loopWait": .null, "retryTimeout": .null, "fenceMargin": .null]
        if let profile, profile != before.own("profile") {
            guard !changesTimings else {
                throw ConfigurationRefusal([
                    "matriarch.profile: give either a profile or ttl, loop_wait and retry_timeout, not both"
                ])
            }
            return none.applying(["profile": profile])
        }
        let isSet = ["ttl", "loop_wait", "retry_timeout"].contains { after.json[$0] != nil }
        guard isSet || after.own("fence_margin") != nil else { return none.applying(["profile": .null]) }
        return [
            "ttl": try Self.wholeSeconds(wanted.ttl, "ttl"),
            "loopWait": try Self.wholeSeconds(wanted.loopWait, "loop_wait"),
            "retryTimeout": try Self.wholeSeconds(wanted.retryTimeout, "retry_timeout"),
            "fenceMargin": after.own("fence_margin") == nil
                ? .null : try Self.wholeSeconds(wanted.fenceMargin, "matriarch.fence_margin"),
            "profile": .null,
        ]
    }

    private static func wholeSeconds(_ duration: Duration, _ key: String) throws -> JSONValue {
        let (seconds, attoseconds) = duration.components
        guard attoseconds == 0 else {
            throw ConfigurationRefusal([
                "\(key): \(Timings.text(duration)): must be whole seconds in the resource; give another value with it, or null for the default"
            ])
        }
        return .int(seconds)
    }

    private func standby(_ wanted: DynamicConfiguration) -> JSONValue {
        guard let remote = wanted.standbyCluster, let host = remote.host else { return .null }
        return [
            "enabled": true, "host": .string(ServerPlace.bracketed(host)), "port": JSONValue(remote.port),
            "primarySlotName": remote.slot.map { .string($0) } ?? .null,
        ]
    }

    private func servers() -> JSONValue {
        let (old, new) = (before.json["postgresql"], after.json["postgresql"])
        var fields: JSONValue = [:]
        for (key, field) in [("pg_hba", "pgHBA"), ("pg_ident", "pgIdent")] where old?[key] != new?[key] {
            fields[field] = new?[key] ?? .null
        }
        let (former, wanted) = (old?["parameters"]?.objectValue ?? [:], new?["parameters"]?.objectValue ?? [:])
        var parameters: JSONValue = [:]
        for name in former.keys where wanted[name] == nil { parameters[name] = .null }
        for (name, value) in wanted where former[name] != value { parameters[name] = value }
        if parameters != [:] { fields["parameters"] = parameters }
        return fields
    }
}

extension ConfigurationDocument {
    /// A key of ours.
    fileprivate func own(_ key: String) -> JSONValue? { json["matriarch"]?[key] }
}

extension JSONValue {
    fileprivate func applying(_ members: [String: JSONValue]) -> JSONValue {
        .object((objectValue ?? [:]).merging(members) { _, new in new })
    }
}
