public import KubernetesModels

/// One operation of RFC 6902. Paths are JSON pointers; escape member names with ``escaped(_:)``.
public enum JSONPatchOperation: Sendable, Hashable {
    case add(path: String, value: JSONValue)
    case remove(path: String)
    case replace(path: String, value: JSONValue)
    case test(path: String, value: JSONValue)

    /// A member name as one step of a path: `/` and `~` escaped.
    public static func escaped(_ name: String) -> String {
        name.split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
            .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
    }

    var jsonValue: JSONValue {
        switch self {
        case .add(let path, let value): ["op": "add", "path": .string(path), "value": value]
        case .remove(let path): ["op": "remove", "path": .string(path)]
        case .replace(let path, let value): ["op": "replace", "path": .string(path), "value": value]
        case .test(let path, let value): ["op": "test", "path": .string(path), "value": value]
        }
    }
}
