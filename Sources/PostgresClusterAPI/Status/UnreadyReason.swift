/// What a member that is not ready is waited for.
public enum UnreadyReason: String, Sendable, Hashable, Codable, CaseIterable {
    /// Scheduler or kubelet say what keeps it.
    case obstacle = "Obstacle"
    case podMissing = "PodMissing"
    case podDeleting = "PodDeleting"
    /// Its agent has not said anything yet.
    case silent = "Silent"
    /// Its agent says what it is doing.
    case working = "Working"
    /// Nothing: it is not on its way.
    case down = "Down"
}
