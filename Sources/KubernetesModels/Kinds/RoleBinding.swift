/// Grants a role to subjects within one namespace.
public struct RoleBinding: KubernetesResource, Hashable {
    public static let resource = APIResource(
        group: "rbac.authorization.k8s.io", version: "v1", kind: "RoleBinding", plural: "rolebindings",
        isNamespaced: true)

    public var metadata: ObjectMeta
    public var subjects: [RoleSubject]?
    public var roleRef: RoleReference?

    public init(metadata: ObjectMeta, subjects: [RoleSubject]? = nil, roleRef: RoleReference? = nil) {
        self.metadata = metadata
        self.subjects = subjects
        self.roleRef = roleRef
    }
}

/// Who is granted a role.
public struct RoleSubject: Codable, Sendable, Hashable {
    public var apiGroup: String?
    public var kind: String?
    public var name: String?
    public var namespace: String?

    public init(apiGroup: String? = nil, kind: String? = nil, name: String? = nil, namespace: String? = nil) {
        self.apiGroup = apiGroup
        self.kind = kind
        self.name = name
        self.namespace = namespace
    }
}

/// The role that is granted.
public struct RoleReference: Codable, Sendable, Hashable {
    public var apiGroup: String?
    public var kind: String?
    public var name: String?

    public init(apiGroup: String? = nil, kind: String? = nil, name: String? = nil) {
        self.apiGroup = apiGroup
        self.kind = kind
        self.name = name
    }
}
