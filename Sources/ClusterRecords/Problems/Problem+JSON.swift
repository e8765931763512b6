import KubernetesModels

/// `problems` in what a member publishes of itself: `[{path, value?, rule, by}]`.
extension Problem {
    /// How many of a list are told and read.
    public static let maximumCount = 32
    /// Of a path and of a rule, in Unicode scalars: anybody may have written them.
    private static let maximumLength = 512
    /// Of a list as it is written, in bytes: an object has room for 256 KiB of annotations in all.
    private static let maximumSize = 64 << 10

    /// A refuser nobody here knows is one of a later version: what it refused is told all the same.
    init?(json: JSONValue) {
        guard let path = json["path"]?.stringValue, let rule = json["rule"]?.stringValue else { return nil }
        self.init(
            path: bounded(path, to: Self.maximumLength), value: json["value"]?.stringValue,
            rule: bounded(rule, to: Self.maximumLength),
            refuser: json["by"]?.stringValue.flatMap { Refuser(rawValue: $0) } ?? .agent)
    }

    var json: JSONValue {
        var json: JSONValue = [
            "path": .string(bounded(path, to: Self.maximumLength)),
            "rule": .string(bounded(rule, to: Self.maximumLength)), "by": .string(refuser.rawValue),
        ]
        if let value { json["value"] = .string(bounded(value, to: Self.maximumValueLength)) }
        return json
    }

    /// What is no problem is passed over.
    static func list(json: JSONValue?) -> [Problem] {
        (json?.arrayValue ?? []).prefix(maximumCount).compactMap { Problem(json: $0) }
    }

    /// As many of a list as there is room for.
    static func json(_ list: [Problem]) -> JSONValue {
        var room = maximumSize
        let told = list.prefix(maximumCount).map(\.json).prefix { problem in
            room -= problem.serialized().utf8.count
            return room >= 0
        }
        return .array(Array(told))
    }
}
