/// What a member says of itself in the store, and what becomes of its Pod's role label.
public struct Presence: Hashable, Sendable {
    /// The Services select by it.
    public enum Label: Hashable, Sendable, CaseIterable {
        /// The read-write Service leads here.
        case primary
        /// The read-only one does.
        case replica
        /// None does.
        case absent
        /// Whichever does, it goes on.
        case unchanged
    }

    public var role: MemberRole
    public var state: MemberState
    public var label: Label
    /// It is the primary of the cluster, and can be written to.
    public var leads: Bool

    public init(role: MemberRole, state: MemberState, label: Label, leads: Bool) {
        self.role = role
        self.state = state
        self.label = label
        self.leads = leads
    }
}

/// Everything a member's ``Presence`` depends on.
public struct PresenceFacts: Hashable, Sendable {
    public var server: ServerState
    public var activity: Activity?
    /// It holds the lock.
    public var isMine: Bool
    /// The promotion is complete, though its activity has not ended.
    public var isTakingOffice: Bool
    /// The promotion takes so long that people want to know what it waits for.
    public var isPromotionLong: Bool
    public var isStandbyCluster: Bool
    public var isStopping: Bool
    /// A standby that is being promoted is taken out of the read-only Service; see the agent's `withdrawRoute`.
    public var isRouteWithdrawn: Bool
    /// What it said last: that it leads a standby cluster.
    public var wasStandbyLeader: Bool
    /// What it said last: that its Pod is to be behind the read-write Service.
    public var wasRouted: Bool
    /// The store shows its Pod behind the read-write Service.
    public var isLabelledPrimary: Bool
    /// The store shows another one's there.
    public var isAnotherLabelledPrimary: Bool

    public init(
        server: ServerState, activity: Activity?, isMine: Bool, isTakingOffice: Bool = false,
        isPromotionLong: Bool = false, isStandbyCluster: Bool = false, isStopping: Bool = false,
        isRouteWithdrawn: Bool = false, wasStandbyLeader: Bool = false, wasRouted: Bool = false,
        isLabelledPrimary: Bool = false, isAnotherLabelledPrimary: Bool = false
    ) {
        self.server = server
        self.activity = activity
        self.isMine = isMine
        self.isTakingOffice = isTakingOffice
        self.isPromotionLong = isPromotionLong
        self.isStandbyCluster = isStandbyCluster
        self.isStopping = isStopping
        self.isRouteWithdrawn = isRouteWithdrawn
        self.wasStandbyLeader = wasStandbyLeader
        self.wasRouted = wasRouted
        self.isLabelledPrimary = isLabelledPrimary
        self.isAnotherLabelledPrimary = isAnotherLabelledPrimary
    }

    /// What it does, as far as it is of interest here.
    fileprivate var busy: Activity? { isTakingOffice ? nil : activity }

    fileprivate var leads: Bool { isMine && server.isPrimary && (busy == nil || busy == .handingOver) }

    fileprivate var leadsStandby: Bool {
        guard isMine, isStandbyCluster, case .standby = server else { return false }
        return busy == nil || (busy == .rejoining && wasStandbyLeader)
    }
}

/// Describes what a member says of itself, and whether its Pod is behind a Service.
///
/// - Parameter hasPostmaster: some server runs, whatever it is.
/// - Returns: nil while nothing is said. What a member would say between standby and leader is true for a tenth of a second,
///   and the write that makes it the leader would have to wait for that one. A promotion that takes long is another matter.
public func describePresence(_ facts: PresenceFacts, hasPostmaster: Bool) -> Presence? {
    if facts.activity == .promoting, facts.isMine, !facts.isTakingOffice, !facts.isPromotionLong { return nil }
    return Presence(
        role: role(facts), state: state(facts), label: label(facts, hasPostmaster: hasPostmaster), leads: facts.leads)
}

private func role(_ facts: PresenceFacts) -> MemberRole {
    if facts.leadsStandby { return .standbyLeader }
    if facts.leads || (facts.isMine && facts.busy == .restartingPrimary) { return .primary }
    switch facts.server {
    case .primary: return .demoted
    case .standby, .stopped, .starting, .unresponsive: return .replica
    case .noData, .unusable, .damaged: return .uninitialized
    }
}

private func state(_ facts: PresenceFacts) -> MemberState {
    switch facts.busy {
    case .bootstrapping: .initializing
    case .cloning: .creatingReplica
    case .reinitializing: facts.server == .noData ? .creatingReplica : .stopping
    case .startingPrimary, .startingStandby: .starting
    case .demoting, .demotingCluster, .stopping: .stopping
    case .restarting, .restartingPrimary, .restartingStandby: .restarting
    case .promoting, .handingOver, .recovering, .rejoining, .racing, nil:
        switch facts.server {
        case .primary, .standby: .running
        case .starting: .starting
        case .stopped(let stopped): stopped.isClean ? .stopped : .crashed
        case .unresponsive: .crashed
        case .noData, .unusable, .damaged: .stopped
        }
    }
}

private func label(_ facts: PresenceFacts, hasPostmaster: Bool) -> Presence.Label {
    if facts.isRouteWithdrawn { return .absent }
    if facts.leads || facts.leadsStandby {
        // What the view shows may be from before a write of ours that took the label off.
        return facts.isLabelledPrimary && facts.wasRouted ? .unchanged : .primary
    }
    if keepsRoute(facts, hasPostmaster: hasPostmaster) { return .unchanged }
    if case .standby = facts.server, !facts.isStopping { return .replica }
    return .absent
}

/// Whether a member that does not lead now keeps the label, for the sake of a Service that selects it.
///
/// A leader that restarts in place keeps it: moving the route would cost more than the restart. One that has stopped
/// keeps it until another has it: its address refuses connections at once. A Service without any is rejected by one table
/// of the node's rules and led on by another; a connection that begins between the two changes gets no answer.
private func keepsRoute(_ facts: PresenceFacts, hasPostmaster: Bool) -> Bool {
    guard facts.isLabelledPrimary else { return false }
    return facts.isMine || (!hasPostmaster && !facts.isAnotherLabelledPrimary)
}

extension ServerState {
    /// It answers, and takes writes as far as it goes.
    public var isPrimary: Bool {
        if case .primary = self { true } else { false }
    }

    /// It answers.
    public var isRunning: Bool {
        switch self {
        case .primary, .standby: true
        case .noData, .unusable, .damaged, .stopped, .starting, .unresponsive: false
        }
    }
}
