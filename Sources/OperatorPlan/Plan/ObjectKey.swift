public import KubernetesModels

/// One object of the cluster's namespace by kind and name.
public struct ObjectKey: Sendable, Hashable, CustomStringConvertible {
    public let resource: APIResource
    public let name: String

    public init(_ resource: APIResource, _ name: String) {
        self.resource = resource
        self.name = name
    }

    public var description: String { "\(resource)/\(name)" }
}
