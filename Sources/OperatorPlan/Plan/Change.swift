public import KubernetesModels

/// One thing to do. No case carries a password.
public enum Change: Sendable, Hashable {
    /// Server-side apply of `body`, field manager ``OperatorNames/fieldManager``, forced.
    case apply(ObjectKey, body: JSONValue)
    /// Create the Secret with a password made by the shell (``SecretRequest/body(password:)``). An existing one wins:
    /// "already exists" is success.
    case createSecret(SecretRequest)
    /// Delete in the background; with the uid as precondition. "Not found" is success.
    case delete(ObjectKey, uid: String?)
    case writeStore(StoreWrite)
    /// Merge patch of an object the agents write, or of what they may do. `body` carries the resourceVersion that was read.
    case patch(ObjectKey, body: JSONValue)
    /// Merge patch of the cluster's own metadata.
    case patchMetadata(JSONValue)
    /// Merge patch of the cluster's `status` subresource. Carries the resourceVersion it was made from: a conflict means
    /// look again.
    case patchStatus(JSONValue)
    case event(EventRequest)
}

/// A write of annotations to an object of the store.
public struct StoreWrite: Sendable, Hashable {
    public var key: ObjectKey
    /// True: create `body`. False: merge patch with `body`, which carries the resourceVersion that was read.
    public var isCreation: Bool
    public var body: JSONValue
}

/// An Event about the cluster.
public struct EventRequest: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable {
        case normal = "Normal"
        case warning = "Warning"
    }

    public var kind: Kind
    /// Stable, for programs.
    public var reason: EventReason
    public var note: String
}

/// Every reason an Event of the operator may have.
public enum EventReason: String, Sendable, Hashable, CaseIterable {
    case created = "Created"
    case invalidSpec = "InvalidSpec"
    case primaryChanged = "PrimaryChanged"
    case failedOver = "FailedOver"
    case writesResumed = "WritesResumed"
    case standbyClusterPromoted = "StandbyClusterPromoted"
    case dataLossPossible = "DataLossPossible"
    case dataLost = "DataLost"
    case nothingLost = "NothingLost"
    case synchronousStandbysMissing = "SynchronousStandbysMissing"
    case synchronousStandbysComplete = "SynchronousStandbysComplete"
    case switchoverStarted = "SwitchoverStarted"
    case switchoverSucceeded = "SwitchoverSucceeded"
    case switchoverFailed = "SwitchoverFailed"
    case dataMayBeLost = "DataMayBeLost"
    case restartStarted = "RestartStarted"
    case restartSucceeded = "RestartSucceeded"
    case restartFailed = "RestartFailed"
    case reinitializeStarted = "ReinitializeStarted"
    case reinitializeSucceeded = "ReinitializeSucceeded"
    case reinitializeFailed = "ReinitializeFailed"
    case scaledUp = "ScaledUp"
    case scaledDown = "ScaledDown"
    case volumeKept = "VolumeKept"
    case memberRestarted = "MemberRestarted"
    case rolesFailing = "RolesFailing"
    case rolesApplied = "RolesApplied"
    case rolesRepaired = "RolesRepaired"
    case rolesAdopted = "RolesAdopted"
    case majorVersionChange = "MajorVersionChange"
    case imageNotAnswering = "ImageNotAnswering"
    case memberNeedsAttention = "MemberNeedsAttention"
    case memberMissing = "MemberMissing"
    case lockNotRenewed = "LockNotRenewed"
    case paused = "Paused"
    case resumed = "Resumed"
    case objectNotOurs = "ObjectNotOurs"
    /// The API server refuses a change for good.
    case applyFailed = "ApplyFailed"
    case groupVersionNotServed = "GroupVersionNotServed"
    case cleanedUp = "CleanedUp"

    /// What the operator was doing, as events.k8s.io wants it.
    public var action: String {
        switch self {
        case .created, .invalidSpec, .paused, .resumed: "Reconcile"
        case .objectNotOurs, .groupVersionNotServed, .applyFailed: "Apply"
        case .primaryChanged, .failedOver, .standbyClusterPromoted, .memberNeedsAttention, .memberMissing,
            .lockNotRenewed,
            .writesResumed, .dataLossPossible, .dataLost, .nothingLost,
            .synchronousStandbysMissing, .synchronousStandbysComplete, .rolesFailing, .rolesApplied, .rolesRepaired,
            .rolesAdopted:
            "Observe"
        case .switchoverStarted, .switchoverSucceeded, .switchoverFailed, .dataMayBeLost: "Switchover"
        case .restartStarted, .restartSucceeded, .restartFailed: "Restart"
        case .reinitializeStarted, .reinitializeSucceeded, .reinitializeFailed: "Reinitialize"
        case .scaledUp, .scaledDown, .volumeKept: "Scale"
        case .memberRestarted, .majorVersionChange, .imageNotAnswering: "Rollout"
        case .cleanedUp: "Delete"
        }
    }
}
