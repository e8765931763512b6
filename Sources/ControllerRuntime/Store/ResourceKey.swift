public import KubernetesModels

/// Namespace and name of an object; the namespace is empty for cluster-scoped kinds.
public struct ResourceKey: Hashable, Sendable, Comparable, CustomStringConvertible {
    public var namespace: String
    public var name: String

    public init(namespace: String = "", name: String) {
        self.namespace = namespace
        self.name = name
    }

    public init(_ metadata: ObjectMeta) {
        self.init(namespace: metadata.namespace ?? "", name: metadata.name ?? "")
    }

    /// `namespace/name`, or `name` alone.
    public var description: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }

    public static func < (left: ResourceKey, right: ResourceKey) -> Bool {
        (left.namespace, left.name) < (right.namespace, right.name)
    }
}
