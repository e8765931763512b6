/// A namespace.
public struct Namespace: KubernetesResource, Hashable {
    public static let resource = APIResource(
        group: "", version: "v1", kind: "Namespace", plural: "namespaces", isNamespaced: false)

    public var metadata: ObjectMeta
    public var spec: NamespaceSpec?
    public var status: NamespaceStatus?

    public init(metadata: ObjectMeta, spec: NamespaceSpec? = nil, status: NamespaceStatus? = nil) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}

/// The desired state of a namespace.
public struct NamespaceSpec: Codable, Sendable, Hashable {
    public var finalizers: [String]?

    public init(finalizers: [String]? = nil) {
        self.finalizers = finalizers
    }
}

/// The lifecycle of a namespace.
public struct NamespaceStatus: Codable, Sendable, Hashable {
    /// Active or Terminating.
    public var phase: String?

    public init(phase: String? = nil) {
        self.phase = phase
    }
}
