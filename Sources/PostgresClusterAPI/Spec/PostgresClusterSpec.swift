public import ClusterRecords
public import KubernetesModels

/// What an administrator wants of one cluster.
public struct PostgresClusterSpec: Sendable, Hashable, Codable {
    public var instances: Int
    public var image: String
    public var imagePullPolicy: ImagePullPolicy
    public var imagePullSecrets: [String]?
    public var postgresql: PostgreSQLSpec
    public var storage: StorageSpec
    public var resources: ResourceRequirements?
    public var highAvailability: HighAvailabilitySpec
    public var paused: Bool
    public var switchover: SwitchoverRequest?
    public var restart: RestartRequest?
    public var reinitialize: ReinitializeRequest?
    public var bootstrap: BootstrapSpec
    public var standby: StandbySpec?
    public var roles: [RoleSpec]?
    public var callbacks: CallbacksSpec?
    public var instanceOverrides: [InstanceOverride]?
    public var service: ServiceSpec?
    public var networkPolicy: NetworkPolicySpec?
    public var podMetadata: PodMetadata?
    public var affinity: JSONValue?
    public var tolerations: [JSONValue]?
    public var nodeSelector: [String: String]?
    public var topologySpreadConstraints: [JSONValue]?
    public var priorityClassName: String?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case instances, image, imagePullPolicy, imagePullSecrets, postgresql, storage, resources, highAvailability
        case paused, switchover, restart, reinitialize, bootstrap, standby, roles, callbacks, instanceOverrides,
            service,
            networkPolicy,
            podMetadata, affinity, tolerations
        case nodeSelector, topologySpreadConstraints, priorityClassName
    }

    public enum ImagePullPolicy: String, Sendable, Hashable, Codable, CaseIterable {
        case always = "Always"
        case ifNotPresent = "IfNotPresent"
        case never = "Never"
    }

    /// The declared roles as an agent reads them.
    public var declaredRoles: DeclaredRoles { DeclaredRoles((roles ?? []).map(\.declared)) }

    /// The remote server to follow; nil: this cluster takes writes.
    public var remote: StandbySpec? { standby.flatMap { $0.enabled ? $0 : nil } }

    /// Ordinals take part in names of permissions, so their number is bounded.
    static let maximumInstances: Int64 = 32
    static let maximumRoles = RolesReport.maximumDeclared
}

extension PostgresClusterSpec: SchemaObject {
    public static let summary = "What is wanted of the cluster."

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .instances:
            Field(
                .integer(minimum: 1, maximum: maximumInstances),
                "Number of PostgreSQL servers: one primary and the rest its replicas. Going down, the primary is first "
                    + "switched to a member that stays; the volumes of removed members are kept.",
                default: 3)
        case .image:
            Field(
                .text(pattern: "^[!-~]+$", maxLength: 512, meaning: "the name of a container image"),
                "Container image with PostgreSQL and matriarch, for example `matriarch-postgres:15`. A change restarts "
                    + "the members one by one, replicas first.",
                required: true)
        case .imagePullPolicy:
            Field(
                .choice(ImagePullPolicy.allCases.map(\.rawValue)), "When the kubelet pulls the image.",
                default: "IfNotPresent")
        case .imagePullSecrets:
            Field(
                .list(of: .text(maxLength: 253), maximumCount: 16),
                "Names of Secrets of this namespace with credentials for the image registry.")
        case .postgresql:
            Field(.object(PostgreSQLSpec.self), PostgreSQLSpec.summary, default: [:])
        case .storage:
            Field(.object(StorageSpec.self), StorageSpec.summary, required: true)
        case .resources:
            Field(.object(ResourceRequirements.self), ResourceRequirements.summary)
        case .highAvailability:
            Field(.object(HighAvailabilitySpec.self), HighAvailabilitySpec.summary, default: [:])
        case .paused:
            Field(
                .boolean,
                "Maintenance: while true nothing is promoted, stopped or restarted automatically. The lock is still "
                    + "renewed and a switchover to a named candidate still works.",
                default: false)
        case .switchover:
            Field(.object(SwitchoverRequest.self), SwitchoverRequest.summary)
        case .restart:
            Field(.object(RestartRequest.self), RestartRequest.summary)
        case .reinitialize:
            Field(.object(ReinitializeRequest.self), ReinitializeRequest.summary)
        case .bootstrap:
            Field(
                .object(BootstrapSpec.self), BootstrapSpec.summary, default: [:],
                rules: [BootstrapSpec.isImmutable])
        case .standby:
            Field(.object(StandbySpec.self), StandbySpec.summary)
        case .roles:
            Field(
                .list(of: .object(RoleSpec.self), key: "name", maximumCount: maximumRoles),
                "Roles of the server that the leader's agent keeps as they are declared here. In a standby cluster they are "
                    + "those of the cluster it follows, and the list waits.")
        case .callbacks:
            Field(.object(CallbacksSpec.self), CallbacksSpec.summary)
        case .instanceOverrides:
            Field(
                .list(of: .object(InstanceOverride.self), key: "name", maximumCount: Int(maximumInstances)),
                "Settings of single members that differ from the rest.")
        case .service:
            Field(.object(ServiceSpec.self), ServiceSpec.summary)
        case .networkPolicy:
            Field(.object(NetworkPolicySpec.self), NetworkPolicySpec.summary)
        case .podMetadata:
            Field(.object(PodMetadata.self), PodMetadata.summary)
        case .affinity:
            Field(
                .passthrough(.object),
                "Affinity of the Pods as in a Pod's spec. Replaces the default, which prefers different hosts.")
        case .tolerations:
            Field(.passthrough(.array), "Tolerations of the Pods as in a Pod's spec.")
        case .nodeSelector:
            Field(
                .map(of: .text(maxLength: 63), maximumCount: 64), "Labels a node must have to run one of the Pods.")
        case .topologySpreadConstraints:
            Field(
                .passthrough(.array),
                "Spread of the Pods as in a Pod's spec. Replaces the default, which spreads over zones.")
        case .priorityClassName:
            Field(
                .text(maxLength: 253),
                "PriorityClass of the Pods. A database should stand above the applications that use it.")
        }
    }
}
