import ClusterRecords
import HighAvailability
import KubernetesModels
import PostgresClusterAPI
import PostgresConfiguration

/// The settings the members go by, each with where it comes from.
///
/// They are what agents read in the store. What a session, a role, a database or `ALTER SYSTEM` sets beside them no member
/// publishes.
struct EffectiveConfiguration: Hashable {
    struct Setting: Hashable {
        /// Patroni's key; of a parameter `postgresql.parameters.<name>`.
        var key: String
        var value: JSONValue
        /// The field of the resource, `profile fast`, `default`, or `store`: what only stands there.
        var source: String
        /// What members publish about it.
        var remarks: [String] = []
    }

    var settings: [Setting]
    /// What members do not use and is no setting in the list.
    var remarks: [String]

    /// - Parameters:
    ///   - stored: the annotation of the configuration's object; nil: the agents have their defaults.
    ///   - spec: nil: there is no resource, or nobody can read its spec.
    ///   - members: those whose words count, by name.
    init(stored: String?, spec: PostgresClusterSpec?, members: [String: MemberRecord]) {
        let raw: JSONValue
        do {
            raw = try stored.map { try JSONValue(parsing: $0) } ?? [:]
        } catch {
            // Agents keep what they had before; of these words nobody can tell what that is.
            raw = [:]
        }
        let (configuration, _) = DynamicConfiguration.reading(annotation: stored, former: DynamicConfiguration())
        settings = Self.flattened(configuration.json(over: raw)).map { key, value in
            Setting(key: key, value: value, source: Self.source(of: key, in: raw, spec))
        }
        remarks = []
        let isOne = members.count == 1
        for (name, record) in members.sorted(by: { $0.key < $1.key }) {
            for setting in record.pendingRestart {
                let text = "\(isOne ? "" : "\(name) ")runs with \(setting.oldValue) until it restarts"
                add(text, to: "postgresql.parameters.\(setting.name)")
            }
            for problem in record.problems {
                let text = "\(isOne ? "" : "\(name): ")\(problem.rule), not used (\(problem.refuser.name))"
                guard let index = settings.firstIndex(where: { Problem.resourcePath(of: $0.key) == problem.path })
                else {
                    remarks.append("\(name): \(problem)")
                    continue
                }
                settings[index].remarks.append(text)
            }
        }
        if isOne, let record = members.values.first {
            settings += record.tagValues.sorted { $0.key < $1.key }.map {
                Setting(key: "tags.\($0.key)", value: $0.value, source: "spec.instanceOverrides")
            }
        }
    }

    private mutating func add(_ remark: String, to key: String) {
        if let index = settings.firstIndex(where: { $0.key == key }) {
            settings[index].remarks.append(remark)
        } else {
            remarks.append("\(key): \(remark)")
        }
    }

    private static func source(of key: String, in stored: JSONValue, _ spec: PostgresClusterSpec?) -> String {
        let path = Problem.resourcePath(of: key)
        let isStored = flattened(stored).contains { $0.key == key }
        guard isStored else { return "default" }
        guard let spec, path != key else { return "store" }
        let asked = flattened(spec.dynamicConfiguration.json()).first { $0.key == key }?.value
        guard asked == flattened(stored).first(where: { $0.key == key })?.value else {
            // The operator has not carried the resource over yet, or cannot.
            return "store; \(path) has \(asked?.cell ?? "nothing")"
        }
        let isTiming = ["ttl", "loop_wait", "retry_timeout", "matriarch.fence_margin"].contains(key)
        guard isTiming, !spec.highAvailability.hasOwnTimings else { return path }
        return spec.highAvailability.profile.map { "profile \($0.rawValue)" } ?? "profile default"
    }

    /// Leaves by their paths, in order; a list is one value for each of its lines.
    private static func flattened(_ value: JSONValue, at path: String = "") -> [(key: String, value: JSONValue)] {
        switch value {
        case .object(let members):
            members.sorted { $0.key < $1.key }.flatMap {
                flattened($0.value, at: path.isEmpty ? $0.key : "\(path).\($0.key)")
            }
        case .array(let elements):
            elements.enumerated().flatMap { flattened($0.element, at: "\(path)[\($0.offset)]") }
        case .null: []
        case .bool, .int, .double, .string: [(path, value)]
        }
    }
}

extension EffectiveConfiguration {
    var table: RecordTable<Setting> {
        RecordTable(
            columns: [
                .init(key: "Key") { .string($0.key) }, .init(key: "Value") { $0.value },
                .init(key: "Source") { .string($0.source) },
                .init(key: "Remark", isOptional: true) {
                    $0.remarks.isEmpty ? nil : .string($0.remarks.joined(separator: "\n"))
                },
            ], records: settings)
    }
}
