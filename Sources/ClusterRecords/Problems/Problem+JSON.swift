import KubernetesModels

/// `problems` in what a member publishes of itself: `[{path, value?, rule, by}]`.
extension Problem {
    /// How many of a list are told and read.
    public static let maximumCount = 32
    /// Of a path and of a rule, in characters: anybody may have written them.
    private static let maximumLength = 512

    init?(json: JSONValue) {
        guard let path = json["path"]?.stringValue, let rule = json["rule"]?.stringValue,
            let refuser = json["by"]?.stringValue.flatMap({ Refuser(rawValue: $0) })
        else { return nil }
        self.init(
            path: String(path.prefix(Self.maximumLength)), value: json["value"]?.stringValue,
            rule: String(rule.prefix(Self.maximumLength)), refuser: refuser)
    }

    var json: JSONValue {
        var json: JSONValue = ["path": .string(path), "rule": .string(rule), "by": .string(refuser.rawValue)]
        if let value { json["value"] = .string(value) }
        return json
    }

    /// What is no problem is passed over.
    static func list(json: JSONValue?) -> [Problem] {
        (json?.arrayValue ?? []).prefix(maximumCount).compactMap { Problem(json: $0) }
    }
}
