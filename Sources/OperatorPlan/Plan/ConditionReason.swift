/// Every reason a condition may have: one CamelCase word for programs.
///
/// A closed set, so that no text of an agent, of a user or of the API server can become one; such text belongs in the
/// message. A reason that fits several conditions stands with the first.
public enum ConditionReason: String, Sendable, Hashable, CaseIterable {
    // Ready and PrimaryAvailable.
    case healthy = "Healthy"
    case primaryRunning = "PrimaryRunning"
    case bootstrapping = "Bootstrapping"
    case noPrimary = "NoPrimary"
    case primaryNotRunning = "PrimaryNotRunning"
    case lockNotRenewed = "LockNotRenewed"
    case standbyHealthy = "StandbyHealthy"
    case standbyLeaderRunning = "StandbyLeaderRunning"

    // Progressing.
    case stable = "Stable"
    case membersStarting = "MembersStarting"
    case scalingDown = "ScalingDown"
    case rollingUpdate = "RollingUpdate"
    case rolloutPaused = "RolloutPaused"
    case waitingForCandidate = "WaitingForCandidate"
    case switchoverScheduled = "SwitchoverScheduled"
    case switchoverInProgress = "SwitchoverInProgress"
    case switchoverFailed = "SwitchoverFailed"
    case restartWaiting = "RestartWaiting"
    case restartInProgress = "RestartInProgress"
    case reinitializeWaiting = "ReinitializeWaiting"
    case reinitializeInProgress = "ReinitializeInProgress"
    case askingImage = "AskingImage"
    case imageNotAnswering = "ImageNotAnswering"

    // Degraded.
    case sound = "Sound"
    case objectNotOurs = "ObjectNotOurs"
    case applyFailed = "ApplyFailed"
    case secretMissing = "SecretMissing"
    case memberNeedsAttention = "MemberNeedsAttention"
    case memberFailed = "MemberFailed"
    case membersNotReady = "MembersNotReady"
    case memberMissing = "MemberMissing"

    // ConfigurationValid.
    case accepted = "Accepted"
    case invalidSpec = "InvalidSpec"
    case refusedByMember = "RefusedByMember"

    // Paused.
    case paused = "Paused"
    case active = "Active"
    case pausing = "Pausing"
    case resuming = "Resuming"

    // SwitchoverCompleted, and the reasons in status.switchover and status.handover.
    case requested = "Requested"
    case scheduled = "Scheduled"
    case busy = "Busy"
    case inProgress = "InProgress"
    case completed = "Completed"
    case completedAtLoss = "CompletedAtLoss"
    case alreadyPrimary = "AlreadyPrimary"
    case failed = "Failed"
    case refused = "Refused"
    case timedOut = "TimedOut"
    case withdrawn = "Withdrawn"
    case missed = "Missed"
    case leaderChanged = "LeaderChanged"
    case fromCreation = "FromCreation"
    case noCandidate = "NoCandidate"
    case candidateNeeded = "CandidateNeeded"
    case unknownCandidate = "UnknownCandidate"
    case candidateNotEligible = "CandidateNotEligible"

    // SynchronousReplication.
    case inSync = "InSync"
    case settling = "Settling"
    case fewerStandbys = "FewerStandbys"
    case noStandby = "NoStandby"
    case commitsWait = "CommitsWait"

    // DataLossPossible.
    case notReported = "NotReported"
    case nothingLost = "NothingLost"
    case unconfirmedWrites = "UnconfirmedWrites"
    case commitsLost = "CommitsLost"

    // RolesReady.
    case rolesApplied = "RolesApplied"
    case rolesPending = "RolesPending"
    case rolesFailing = "RolesFailing"

    // MajorVersionChange.
    case otherMajorVersion = "OtherMajorVersion"

    // RestartCompleted and ReinitializeCompleted, and the reasons in status.restart and status.reinitialize, with those above.
    case nothingToRestart = "NothingToRestart"
    case unknownInstance = "UnknownInstance"
}
