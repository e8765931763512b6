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
        if let merged { json = json.applying(mergePatch: merged) }
        for setting in settings {
            let (path, value) = try Self.assignment(setting)
            json = json.setting(
                path.split(separator: ".", omittingEmptySubsequences: false).map(String.init), to: value)
        }
        for parameter in parameters {
            let (name, value) = try Self.assignment(parameter)
            json = json.setting(["postgresql", "parameters", name], to: value)
        }
        return ConfigurationDocument(json)
    }

    private static func assignment(_ text: String) throws -> (name: String, value: JSONValue) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts[0].trimmed
        guard parts.count == 2, !name.isEmpty, !name.hasPrefix("."), !name.hasSuffix(".") else {
            throw ConfigurationRefusal(["Invalid parameter setting \(text): it must be name=value"])
        }
        do {
            return (name, try YAML.parse(String(parts[1])))
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
        if below == ["postgresql", "parameters"] { path = [path.joined(separator: ".")] }
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
