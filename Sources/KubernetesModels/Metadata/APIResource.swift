/// Identifies a kind at the API server.
public struct APIResource: Sendable, Hashable, CustomStringConvertible {
    /// Empty for the core group.
    public let group: String
    public let version: String
    public let kind: String
    /// Lower-case plural, as in the path.
    public let plural: String
    public let isNamespaced: Bool

    public init(group: String, version: String, kind: String, plural: String, isNamespaced: Bool) {
        self.group = group
        self.version = version
        self.kind = kind
        self.plural = plural
        self.isNamespaced = isNamespaced
    }

    /// `v1` or `group/version`, as objects carry it.
    public var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

    /// As kubectl names it: `pods`, `statefulsets.apps`.
    public var description: String { group.isEmpty ? plural : "\(plural).\(group)" }

    /// The path of the group-version, with neither namespace nor plural: `/api/v1`, `/apis/apps/v1`.
    public var groupVersionPath: String { group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)" }
}

extension APIResource {
    /// Served up to Kubernetes 1.24; the only one before 1.21.
    public static let podDisruptionBudgetV1Beta1 = APIResource(
        group: "policy", version: "v1beta1", kind: "PodDisruptionBudget", plural: "poddisruptionbudgets",
        isNamespaced: true)
    public static let networkPolicy = APIResource(
        group: "networking.k8s.io", version: "v1", kind: "NetworkPolicy", plural: "networkpolicies", isNamespaced: true)
    public static let customResourceDefinition = APIResource(
        group: "apiextensions.k8s.io", version: "v1", kind: "CustomResourceDefinition",
        plural: "customresourcedefinitions", isNamespaced: false)
    public static let deployment = APIResource(
        group: "apps", version: "v1", kind: "Deployment", plural: "deployments", isNamespaced: true)
}
