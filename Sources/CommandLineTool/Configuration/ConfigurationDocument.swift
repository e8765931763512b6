import ClusterRecords
import HighAvailability
import KubernetesModels
import PostgresClusterAPI
import YAML

/// What `edit-config` changes: the part of a cluster's spec that is Patroni's dynamic configuration, in Patroni's keys.
///
/// A key that is not there has the default of the resource's field. `matriarch.profile` and `matriarch.fence_margin` are ours.
struct ConfigurationDocument: Hashable {
    /// Without a null in any object: it says the same as no member.
    let json: JSONValue

    init(_ json: JSONValue) {
        self.json = Self.withoutNulls(json)
    }

    /// The document of a spec. Timings are those in force, whether a profile or the spec has them.
    init(spec: PostgresClusterSpec) {
        var json = spec.dynamicConfiguration.json()
        for key in Self.withoutField { json["postgresql"]?[key] = nil }
        json["matriarch"]?["instances"] = nil
        json["matriarch"]?["profile"] = spec.highAvailability.profile.map { .string($0.rawValue) }
        let folded: JSONValue
        do {
            folded = try Self.folded(json)
        } catch {
            // One name in two cases: nothing here says which of them counts.
            folded = json
        }
        self.init(folded)
    }

    /// As ``init(_:)``, with parameters of the server as everything else has them: their names in lower case, their values text.
    ///
    /// - Throws: ``ConfigurationRefusal`` for a parameter that is given twice.
    init(folding json: JSONValue) throws {
        self.init(try Self.folded(json))
    }

    /// Reads what somebody wrote.
    ///
    /// - Throws: ``ConfigurationRefusal`` with line and column, or for what is no mapping.
    init(yaml: String) throws {
        let parsed: JSONValue
        do {
            parsed = try YAML.parse(yaml)
        } catch {
            throw ConfigurationRefusal(["\(error)"])
        }
        guard parsed.objectValue != nil else { throw ConfigurationRefusal(["the configuration must be a mapping"]) }
        try self.init(folding: parsed)
    }

    /// As people edit it.
    var yaml: String { json.yamlBlock + "\n" }

    /// What agents read beside these, of what stands in the store; the resource has no field for it.
    private static let withoutField = ["use_pg_rewind", "use_slots"]

    /// Keys with a field of the resource, by their path.
    static let knownKeys: Set<String> = Set(DynamicConfiguration.resourcePaths.keys)
        .subtracting(["matriarch.instances", "standby_cluster"])
        .union(["matriarch.profile", "standby_cluster.host", "standby_cluster.port"])

    /// Paths of what stands in the document and has no field.
    var unknownKeys: [String] {
        let sections = Set(Self.knownKeys.compactMap { $0.contains(".") ? $0.prefix { $0 != "." } : nil })
        return (json.objectValue ?? [:]).flatMap { key, value -> [String] in
            guard sections.contains(key[...]) else { return Self.knownKeys.contains(key) ? [] : [key] }
            return (value.objectValue ?? [:]).keys.map { "\(key).\($0)" }.filter { !Self.knownKeys.contains($0) }
        }.sorted()
    }

    /// Without two ways of saying one thing; its nulls stay.
    ///
    /// - Throws: ``ConfigurationRefusal`` for a parameter that is given twice.
    static func folded(_ json: JSONValue) throws -> JSONValue {
        var json = json
        if let flag = json["synchronous_mode"]?.boolValue { json["synchronous_mode"] = flag ? "on" : "off" }
        guard let parameters = json.value(at: "postgresql", "parameters")?.objectValue else { return json }
        var folded: [String: JSONValue] = [:]
        for (key, value) in parameters.sorted(by: { $0.key < $1.key }) {
            let name = key.lowercased()
            guard !folded.keys.contains(name) else {
                throw ConfigurationRefusal(["postgresql.parameters.\(name): is given twice, in upper and lower case"])
            }
            folded[name] = text(value)
        }
        json["postgresql"]?["parameters"] = .object(folded)
        return json
    }

    /// Values of parameters are text in the resource; on and off are true and false in YAML.
    private static func text(_ value: JSONValue) -> JSONValue {
        switch value {
        case .bool(let flag): flag ? "on" : "off"
        case .int, .double: .string(value.serialized())
        case .string, .null, .array, .object: value
        }
    }

    private static func withoutNulls(_ value: JSONValue) -> JSONValue {
        guard case .object(let members) = value else { return value }
        return .object(members.filter { !$0.value.isNull }.mapValues(withoutNulls))
    }
}

/// Why a changed configuration is not written. Nothing was changed.
struct ConfigurationRefusal: Error, CustomStringConvertible {
    let problems: [String]

    init(_ problems: [String]) {
        self.problems = problems
    }

    var description: String { problems.joined(separator: "\n") }
}
