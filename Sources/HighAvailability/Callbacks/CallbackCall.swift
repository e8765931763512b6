/// What a callback is told of, in Patroni's words (patroni.md §7).
public enum CallbackAction: String, Hashable, Sendable, CaseIterable {
    case start = "on_start"
    case stop = "on_stop"
    case restart = "on_restart"
    case reload = "on_reload"
    case roleChange = "on_role_change"
}

/// One thing that happened to a member, told to whoever asked to be told.
public struct CallbackCall: Hashable, Sendable {
    public var action: CallbackAction
    /// What the member is from now on: primary, replica, standby leader, or demoted, which is no longer the one and not
    /// yet the other.
    public var role: MemberRole
    /// Of the lock when it happened, 0 before there was one: a script can compare it with a later one's.
    public var epoch: Int64

    public init(_ action: CallbackAction, _ role: MemberRole, epoch: Int64) {
        self.action = action
        self.role = role
        self.epoch = epoch
    }
}
