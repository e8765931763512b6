import KubernetesModels
public import PostgresConfiguration

/// The roles a cluster's resource declares, as the operator writes them into a ConfigMap and the leader's agent reads them.
///
/// Which text is in force says its revision, which stands in the store: an agent uses no other.
public struct DeclaredRoles: Hashable, Sendable {
    /// The key of the ConfigMap.
    public static let name = "roles.json"

    public var roles: [DeclaredRole]

    public init(_ roles: [DeclaredRole]) { self.roles = roles }

    /// What tells one text from another.
    public static func revision(of text: String) -> String {
        var hash = StableHash()
        hash.combine(text)
        return hash.hexadecimal
    }

    public var text: String { JSONValue.object(["roles": .array(roles.map(\.json))]).serialized() }

    /// - Throws: what cannot be read; half a list is none.
    public init(text: String) throws(Problem) {
        func refusal(_ rule: String) -> Problem {
            Problem(path: Self.name, value: nil, rule: rule, refuser: .agent)
        }
        let json: JSONValue
        do {
            json = try JSONValue(parsing: text)
        } catch {
            throw refusal("is not JSON: \(error)")
        }
        guard let list = json["roles"]?.arrayValue else { throw refusal("has no list of roles") }
        var roles: [DeclaredRole] = []
        for (index, element) in list.enumerated() {
            guard let role = DeclaredRole(json: element) else { throw refusal("roles[\(index)] cannot be read") }
            roles.append(role)
        }
        self.init(roles)
    }
}

/// One of the list; what has its default is left out.
extension DeclaredRole {
    init?(json: JSONValue) {
        guard let name = json["name"]?.stringValue, !name.isEmpty else { return nil }
        self.init(name: name, isAbsent: json["ensure"]?.stringValue == Self.absent)
        for (key, path) in RoleAttributes.keys {
            attributes[keyPath: path] = json[key]?.boolValue ?? attributes[keyPath: path]
        }
        connectionLimit = json["connectionLimit"]?.intValue ?? connectionLimit
        validUntil = json["validUntil"]?.stringValue
        memberships = json["memberOf"]?.arrayValue?.compactMap(\.stringValue)
        comment = json["comment"]?.stringValue
        if let secret = json["passwordSecret"] {
            guard let name = secret["name"]?.stringValue, let key = secret["key"]?.stringValue else { return nil }
            password = .secret(name: name, key: key)
        } else if json["disablePassword"]?.boolValue == true {
            password = .disabled
        }
    }

    var json: JSONValue {
        let standard = DeclaredRole(name: name)
        var json: JSONValue = ["name": .string(name)]
        if isAbsent { json["ensure"] = .string(Self.absent) }
        for (key, path) in RoleAttributes.keys
        where attributes[keyPath: path] != standard.attributes[keyPath: path] {
            json[key] = .bool(attributes[keyPath: path])
        }
        if connectionLimit != standard.connectionLimit { json["connectionLimit"] = JSONValue(connectionLimit) }
        if let validUntil { json["validUntil"] = .string(validUntil) }
        if let memberships { json["memberOf"] = JSONValue(memberships) }
        if let comment { json["comment"] = .string(comment) }
        switch password {
        case .kept: break
        case .disabled: json["disablePassword"] = true
        case .secret(let name, let key): json["passwordSecret"] = ["name": .string(name), "key": .string(key)]
        }
        return json
    }

    private static let absent = "absent"
}

extension RoleAttributes {
    /// As the resource calls them.
    fileprivate static var keys: [(String, WritableKeyPath<RoleAttributes, Bool>)] {
        [
            ("login", \.mayLogIn), ("superuser", \.isSuperuser), ("createdb", \.mayCreateDatabases),
            ("createrole", \.mayCreateRoles), ("inherit", \.inherits), ("replication", \.mayReplicate),
            ("bypassrls", \.bypassesRowSecurity),
        ]
    }
}
