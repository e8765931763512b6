import KubernetesModels
import PostgresConfiguration

/// An element of `bootstrap.initdb.scripts` of the agent file: `field`, `database`, and either `text` or `configMap` with a
/// `key`.
extension BootstrapScript {
    /// - Throws: when something of it is not there, or unknown: a cluster is not made with half of what it was to have.
    init(json: JSONValue) throws(Problem) {
        guard let field = json["field"]?.stringValue,
            let database = json["database"]?.stringValue.flatMap(Database.init(rawValue:)),
            let source = Source(json: json)
        else {
            throw Problem(
                path: "bootstrap.initdb.scripts", value: json["field"]?.stringValue,
                rule: "needs field, database (maintenance or application), and text, or configMap and key",
                refuser: .agent)
        }
        self.init(field: field, database: database, source: source)
    }

    var json: JSONValue {
        var json: JSONValue = ["field": .string(field), "database": .string(database.rawValue)]
        switch source {
        case .text(let text): json["text"] = .string(text)
        case .mounted(let reference):
            json["configMap"] = .string(reference.configMap)
            json["key"] = .string(reference.key)
        }
        return json
    }
}

extension BootstrapScript.Source {
    fileprivate init?(json: JSONValue) {
        if let text = json["text"]?.stringValue {
            self = .text(text)
        } else if let name = json["configMap"]?.stringValue, let key = json["key"]?.stringValue {
            self = .mounted(BootstrapScript.Reference(configMap: name, key: key))
        } else {
            return nil
        }
    }
}
