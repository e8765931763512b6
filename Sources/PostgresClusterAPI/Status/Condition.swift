public import KubernetesModels

/// One aspect of the state, in Kubernetes' standard form.
public struct Condition: Sendable, Hashable, Codable {
    public var type: String
    public var status: Status
    public var reason: String
    public var message: String
    /// When `status` last changed; a new reason or message alone does not move it.
    public var lastTransitionTime: Timestamp
    public var observedGeneration: Int64?

    public enum CodingKeys: String, CodingKey, CaseIterable {
        case type, status, reason, message, lastTransitionTime, observedGeneration
    }

    public init(
        type: Kind, status: Status, reason: String, message: String, lastTransitionTime: Timestamp,
        observedGeneration: Int64?
    ) {
        self.type = type.rawValue
        self.status = status
        self.reason = reason
        self.message = message
        self.lastTransitionTime = lastTransitionTime
        self.observedGeneration = observedGeneration
    }

    public enum Status: String, Sendable, Hashable, Codable, CaseIterable {
        case `true` = "True"
        case `false` = "False"
        case unknown = "Unknown"
    }

    /// The aspects.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// The summary: the primary accepts writes and every member is ready.
        case ready = "Ready"
        /// There is a primary that accepts writes.
        case primaryAvailable = "PrimaryAvailable"
        /// The operator is on its way to what the spec wants.
        case progressing = "Progressing"
        /// Something is broken or missing although the cluster may serve.
        case degraded = "Degraded"
        /// The spec was accepted.
        case configurationValid = "ConfigurationValid"
        /// Automatic actions are off.
        case paused = "Paused"
        /// The last request in spec.switchover succeeded.
        case switchoverCompleted = "SwitchoverCompleted"
        /// Commits wait for as many standbys as the spec asks for.
        case synchronousReplication = "SynchronousReplication"
        /// The last failover may have lost commits.
        case dataLossPossible = "DataLossPossible"
        /// The last request in spec.restart succeeded.
        case restartCompleted = "RestartCompleted"
        /// The last request in spec.reinitialize succeeded.
        case reinitializeCompleted = "ReinitializeCompleted"
        /// The roles of spec.roles are as declared.
        case rolesReady = "RolesReady"
        /// The image in the spec has another major version of PostgreSQL than the data.
        case majorVersionChange = "MajorVersionChange"
    }
}

extension Condition: SchemaObject {
    public static let summary = "One aspect of the state."

    public static func field(_ key: CodingKeys) -> Field {
        switch key {
        case .type: Field(.text(maxLength: 316), "Name of the aspect.", required: true)
        case .status: Field(.choice(Status.allCases.map(\.rawValue)), "Whether it holds.", required: true)
        case .reason: Field(.text(maxLength: 1024), "One word for programs.", required: true)
        case .message: Field(.text(maxLength: 32768), "A sentence for people.", required: true)
        case .lastTransitionTime: Field(.timestamp, "When status last changed.", required: true)
        case .observedGeneration:
            Field(.integer(minimum: 0, maximum: .max), "metadata.generation this condition was made from.")
        }
    }
}
