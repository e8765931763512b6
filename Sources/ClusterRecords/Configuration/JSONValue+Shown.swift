public import KubernetesModels
import PostgresConfiguration

extension JSONValue {
    /// A stored configuration as it may be shown to everybody: without what may be a password.
    public var shownConfiguration: JSONValue { shown(under: nil) }

    private func shown(under name: String?) -> JSONValue {
        switch self {
        case .null, .bool, .int, .double: self
        case .string(let text) where name == "pg_hba": .string(Secrecy.shown(line: text))
        case .string(let text): .string(Secrecy.shown(text, of: name ?? ""))
        case .array(let elements): .array(elements.map { $0.shown(under: name) })
        case .object(let members):
            .object(
                Dictionary(
                    uniqueKeysWithValues: members.map { key, value -> (String, JSONValue) in
                        // A number may be a password as well.
                        let isHidden = Secrecy.hides(key) && !value.isNull && value.objectValue == nil
                        return (key, isHidden ? .string(Secrecy.hidden) : value.shown(under: key))
                    }))
        }
    }
}
