/// One decision: what to do, and why in one sentence.
///
/// The sentence is what is logged, counted and shown; where Patroni has one for the same case it is Patroni's.
public struct Decision: Codable, Hashable, Sendable {
    public var action: Action
    public var reason: String

    public init(_ action: Action, _ reason: String) {
        self.action = action
        self.reason = reason
    }
}

/// What the shell carries out. Every case is safe to repeat.
public enum Action: Codable, Hashable, Sendable {
    /// Nothing to do until something changes.
    case wait
    /// Claim the right to create the cluster, then initdb.
    case bootstrap
    /// Claim the right to create the cluster, then copy the remote server's data.
    case bootstrapStandby
    /// Copy the data of a running member: the leader, or a standby on the leader's timeline.
    case clone(from: String)
    /// Ask the others where they are, and take the lock if nobody is ahead.
    case race
    /// Take the lock without asking: an earlier life of this agent held it, or its holder named this member.
    case acquire
    /// Start the stopped server as the primary it was; requires the lock.
    case startPrimary
    /// Start the stopped server read-only, with this leader upstream or with none.
    case startStandby(following: String?)
    /// End recovery; requires the lock.
    case promote
    /// The primary runs and holds the lock: keep its routing, slots and settings right.
    case lead
    /// Be a standby of this leader, and receive from `source`: the leader, another standby, or nobody.
    ///
    /// A standby that turns out not to answer is left for the leader, and avoided for a while.
    case follow(String, from: String?)
    /// Bring a server that may have diverged behind this leader: recover, compare, rewind or clone, start;
    /// then receive from `source`, as in ``follow(_:from:)``.
    case rejoin(String, from: String?)
    /// Be the standby of the remote server: compare, rewind or copy anew if need be, start; requires the lock.
    case followRemote
    /// The standby leader runs, holds the lock and follows the remote server: keep its routing, slots and settings right.
    case leadStandby
    /// Stop the primary of what is to be a standby cluster in order, and keep the lock.
    case demoteCluster
    /// Stop a primary at once, killing what does not stop.
    case demote
    /// Finish crash recovery of a stopped primary without accepting connections.
    case recover
    /// Stop, hand the lock to the candidate, come back as its standby.
    case handOver(to: String?, requestID: String?)
    /// Answer a request with a refusal and remove it.
    case refuseHandOver(requestID: String?)
    /// Answer a request that has come true, and remove it.
    case finishHandOver(requestID: String?)
    /// Kill what runs and start it again in the same role.
    case restart
    /// Stop the server in order and start it again in the same role, keeping the lock if it is held.
    case restartInPlace(RestartOrder)
    /// Say what became of a restart that is not to be carried out.
    case answerRestart(RestartReport)
    /// Stop the server, move its data aside, and copy the data of a member anew.
    case reinitialize(ReinitializeOrder, from: String)
    /// Say what became of a copy that was asked for.
    case answerReinitialize(ReinitializeReport)
    /// Give up the lock to whoever is elected; a primary is stopped at once before that, a standby goes on.
    case release
    /// Stop the server, hand the lock over if it is held, and end the agent.
    case shutDown
    /// Go no further: the data must not be touched.
    case refuse
}
