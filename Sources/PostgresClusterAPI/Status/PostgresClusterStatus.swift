public import ClusterRecords
public import KubernetesModels

/// What is. Everything here can be derived again, except which requests were already carried out.
public struct PostgresClusterStatus: Sendable, Hashable, Codable {
    public var observedGeneration: Int64?
    public var conditions: [Condition]?
    public var primary: String?
    public var lockNotRenewedSince: Timestamp?
    public var lastPrimary: String?
    public var standbyCluster: Bool?
    public var timeline: Int64?
    public var systemIdentifier: String?
    public var postgresVersion: String?
    public var image: ImageStatus?
    public var instances: Int?
    public var readyInstances: Int?
    public var ready: String?
    public var selector: String?
    public var members: [MemberStatus]?
    public var unready: [UnreadyStatus]?
    public var pendingRestart: [String]?
    public var switchover: SwitchoverStatus?
    public var restart: RestartStatus?
    public var reinitialize: ReinitializeStatus?
    public var automaticReinitialize: ReinitializeStatus?
    public var handover: SwitchoverStatus?
    public var lastFailover: FailoverStatus?
    public var roles: RolesStatus?
    public var bootstrap: BootstrapSpec?
    public var lockObject: LockObject?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case observedGeneration, conditions, primary, lastPrimary, timeline, systemIdentifier, postgresVersion, image,
            instances,
            readyInstances, ready
        case lockNotRenewedSince, unready, standbyCluster
        case selector, members, pendingRestart, switchover, restart, reinitialize, automaticReinitialize, handover
        case lastFailover, roles, bootstrap, lockObject
    }

    public init() {}

    /// The condition of that type; nil before it was set for the first time.
    public func condition(_ type: Condition.Kind) -> Condition? {
        conditions?.first { $0.type == type.rawValue }
    }
}

extension PostgresClusterStatus: SchemaObject {
    public static let summary = "What the operator last saw. Written by the operator alone."

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .observedGeneration:
            Field(.integer(minimum: 0, maximum: .max), "metadata.generation this status was made from.")
        case .conditions:
            Field(
                .list(of: .object(Condition.self), key: "type", maximumCount: 16),
                "Ready, PrimaryAvailable, Progressing, Degraded, ConfigurationValid, Paused, SwitchoverCompleted, "
                    + "SynchronousReplication, DataLossPossible, RestartCompleted, ReinitializeCompleted, "
                    + "RolesReady, MajorVersionChange.")
        case .primary: Field(.text(maxLength: 253), "Member that holds the lock.")
        case .lockNotRenewedSince:
            Field(
                .timestamp,
                "When the lock was last seen to change, by the operator's clock; only while its holder has not renewed it for "
                    + "longer than it is good.")
        case .lastPrimary:
            Field(.text(maxLength: 253), "Member that last was seen accepting writes; not empty while there is none.")
        case .standbyCluster:
            Field(
                .boolean,
                "True from when a standby leader was seen to run until a member is seen to accept writes; absent otherwise."
            )
        case .timeline: Field(.integer(minimum: 0, maximum: .max), "Timeline of the primary; each promotion adds one.")
        case .systemIdentifier:
            Field(
                .text(maxLength: 32),
                "Identifier of the database cluster, made by initdb and the same for every member.")
        case .postgresVersion:
            Field(
                .text(maxLength: 32),
                "Version of PostgreSQL the primary runs, such as 15.20; while none does, the last one that did.")
        case .image: Field(.object(ImageStatus.self), ImageStatus.summary)
        case .instances: Field(.integer(minimum: 0, maximum: 1000), "Number of members there are (for scale).")
        case .readyInstances: Field(.integer(minimum: 0, maximum: 1000), "Number of members that are ready.")
        case .ready: Field(.text(maxLength: 32), "Ready and wanted members as `2/3`.")
        case .selector: Field(.text(maxLength: 1024), "Label selector of the Pods (for scale).")
        case .members:
            Field(
                .list(of: .object(MemberStatus.self), key: "name", maximumCount: 64),
                "The members. Positions and lag change all the time and are in metrics and `matriarch list` instead.")
        case .unready:
            Field(
                .list(of: .object(UnreadyStatus.self), key: "name", maximumCount: 64),
                "The members that are wanted and not ready, with what keeps them.")
        case .pendingRestart:
            Field(
                .list(of: .text(maxLength: 253), maximumCount: 64),
                "Members with parameters that take effect only after a restart.")
        case .switchover: Field(.object(SwitchoverStatus.self), "The last request in spec.switchover.")
        case .restart: Field(.object(RestartStatus.self), "The last request in spec.restart.")
        case .reinitialize: Field(.object(ReinitializeStatus.self), "The last request in spec.reinitialize.")
        case .automaticReinitialize:
            Field(
                .object(ReinitializeStatus.self),
                "The last replica that was copied anew because its WAL was gone; see "
                    + "spec.highAvailability.reinitializeReplicasWithoutWAL.")
        case .handover:
            Field(
                .object(SwitchoverStatus.self),
                "The last switchover the operator asked for itself, before scaling down or restarting the primary.")
        case .lastFailover: Field(.object(FailoverStatus.self), FailoverStatus.summary)
        case .roles: Field(.object(RolesStatus.self), RolesStatus.summary)
        case .bootstrap: Field(.object(BootstrapSpec.self), "spec.bootstrap as it was when the data was made.")
        case .lockObject:
            Field(
                .choice(LockObject.allCases.map(\.rawValue)),
                "spec.highAvailability.lockObject as it was when the data was made.")
        }
    }
}
