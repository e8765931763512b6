import KubernetesModels
import YAML

/// A change of the configuration that was asked for without an editor, in the order in which Patroni carries out its parts.
struct ConfigurationChange {
    /// YAML that takes the place of the whole configuration.
    var replacement: JSONValue?
    /// YAML that is merged into it; null deletes.
    var merged: JSONValue?
    /// `key.path=value`, the value in YAML; null deletes.
    var settings: [String] = []
    /// `name=value` of parameters of the server.
    var parameters: [String] = []

    /// - Throws: ``ConfigurationRefusal`` for what is no assignment, or whose value is no YAML.
    func applied(to document: ConfigurationDocument) throws -> ConfigurationDocument {
        var json = document.json
        if let replacement { json = replacement }
        if let merged { json = json.applying(mergePatch: try ConfigurationDocument.folded(merged)) }
        for setting in settings {
            let isParameter = setting.hasPrefix("postgresql.parameters.")
            let (path, value) = try Self.assignment(setting, keepsText: isParameter)
            json = json.setting(
                path.split(separator: ".", omittingEmptySubsequences: false).map(String.init), to: value)
        }
        for parameter in parameters {
            let (name, value) = try Self.assignment(parameter, keepsText: true)
            json = json.setting(["postgresql", "parameters", name], to: value)
        }
        return try ConfigurationDocument(folding: json)
    }

    /// - Parameter keepsText: a number stays as it is written: 1.10 is another version than 1.1.
    private static func assignment(
        _ text: String, keepsText: Bool
    ) throws -> (name: String, value: JSONValue) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts[0].trimmed
        guard parts.count == 2, !name.isEmpty, !name.hasPrefix("."), !name.hasSuffix(".") else {
            throw ConfigurationRefusal(["Invalid parameter setting \(text): it must be name=value"])
        }
        do {
            let value = try YAML.parse(String(parts[1]))
            switch value {
            case .int, .double: return (name, keepsText ? .string(parts[1].trimmed) : value)
            case .null, .bool, .string, .array, .object: return (name, value)
            }
        } catch {
            throw ConfigurationRefusal(["Invalid parameter setting \(name): \(error)"])
        }
    }
}

extension JSONValue {
    /// With the value at the end of the path; null takes it out. What is no object on the way becomes one.
    ///
    /// Names of the server's parameters may have dots, and nothing is nested in them.
    fileprivate func setting(_ path: [String], to value: JSONValue, below: [String] = []) -> JSONValue {
        var path = path
        if below == ["postgresql", "parameters"] { path = [path.joined(separator: ".").lowercased()] }
        guard let key = path.first else { return value }
        var members = objectValue ?? [:]
        if path.count == 1 {
            // A nil in an expression of JSON values would be a null.
            members[key] = value
            if value.isNull { members.removeValue(forKey: key) }
        } else {
            let section = (members[key] ?? [:]).setting(Array(path.dropFirst()), to: value, below: below + [key])
            // As Patroni: a section goes with the last of its keys.
            members[key] = section
            if section == [:] { members.removeValue(forKey: key) }
        }
        return .object(members)
    }
}

extension Substring {
    /// Without spaces around it.
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
