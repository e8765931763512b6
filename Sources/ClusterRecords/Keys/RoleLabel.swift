/// Values of the role label, by which the Services select.
public enum RoleLabel: String, Hashable, Sendable {
    case primary
    case replica
}

/// What a write of a member's status makes of its role label.
public enum RoleLabelChange: Hashable, Sendable {
    case set(RoleLabel)
    case remove
    /// Leaves the label as the store has it.
    ///
    /// For who only stays behind the read-write Service. A write that is under way when a leader freezes lands when it is woken:
    /// with the label in it, it would bring the old leader back before the Service for a moment. Kubernetes before 1.21 can
    /// miss that the label goes again within a few milliseconds, and would lead clients to the wrong member until the next
    /// change.
    case keep
}
