/// A service account.
public struct ServiceAccount: KubernetesResource, Hashable {
    public static let resource = APIResource(
        group: "", version: "v1", kind: "ServiceAccount", plural: "serviceaccounts", isNamespaced: true)

    public var metadata: ObjectMeta
    public var secrets: [ObjectReference]?
    public var automountServiceAccountToken: Bool?

    public init(
        metadata: ObjectMeta,
        secrets: [ObjectReference]? = nil,
        automountServiceAccountToken: Bool? = nil
    ) {
        self.metadata = metadata
        self.secrets = secrets
        self.automountServiceAccountToken = automountServiceAccountToken
    }
}
