import KubernetesModels
import PostgresConfiguration

/// `bootstrap.initdb.application` of the agent file.
extension ApplicationDatabase {
    /// - Throws: when one of the three names is not there: half of them make no database.
    init(json: JSONValue) throws(Problem) {
        guard let name = json["database"]?.stringValue, let owner = json["owner"]?.stringValue,
            let secret = json["secret"]?.stringValue
        else {
            throw Problem(
                path: "bootstrap.initdb.application", value: json.serialized(),
                rule: "needs database, owner and secret", refuser: .agent)
        }
        self.init(name: name, owner: owner, secret: secret)
    }

    var json: JSONValue { ["database": .string(name), "owner": .string(owner), "secret": .string(secret)] }
}
