/// What the callbacks of a member have been told, and what there is to tell next.
///
/// One event at a time, and what matters most: a start in another role is a change of role, not a start.
public struct CallbackStory: Hashable, Sendable {
    /// The role they were told last; nil before the first start.
    public private(set) var role: MemberRole?
    /// Of the server they were told of; nil before it has said when it was started.
    private var startTime: String?
    private var isRestartAskedFor = false
    private var hasStopped = false

    public init() {}

    /// Somebody asked for a restart, which begins.
    public mutating func noteRestart() { isRestartAskedFor = true }

    /// The server is being stopped for good: the last there is to tell.
    public mutating func stop(epoch: Int64) -> CallbackCall? {
        guard !hasStopped, let role else { return nil }
        hasStopped = true
        return CallbackCall(.stop, role, epoch: epoch)
    }

    /// The server reads its settings anew.
    public func reload(epoch: Int64) -> CallbackCall? {
        hasStopped ? nil : role.map { CallbackCall(.reload, $0, epoch: epoch) }
    }

    /// What happened since the last look.
    public mutating func look(_ observation: Observation) -> CallbackCall? {
        guard !hasStopped else { return nil }
        let epoch = observation.cluster.lock?.epoch ?? 0
        guard let (seen, server) = Self.running(observation) else {
            guard Self.hasLostOffice(observation), role == .primary || role == .standbyLeader else { return nil }
            role = .demoted
            return CallbackCall(.roleChange, .demoted, epoch: epoch)
        }
        guard let former = role, former == seen else {
            defer { role = seen }
            startTime = server.postmasterStartTime
            isRestartAskedFor = false
            return CallbackCall(role == nil ? .start : .roleChange, seen, epoch: epoch)
        }
        // A primary that has just taken office does not tell yet when it was started.
        guard let time = server.postmasterStartTime, time != startTime else { return nil }
        defer { startTime = time }
        guard startTime != nil else { return nil }
        defer { isRestartAskedFor = false }
        return CallbackCall(isRestartAskedFor ? .restart : .start, seen, epoch: epoch)
    }

    /// Nil: nothing runs, or what runs is about to become something else.
    private static func running(_ observation: Observation) -> (MemberRole, RunningServer)? {
        let isMine = observation.lock.isMine
        switch observation.server {
        case .primary(let server): return isMine ? (.primary, server) : nil
        case .standby(let server):
            guard isMine else { return (.replica, server) }
            return observation.cluster.configuration.standbyCluster == nil ? nil : (.standbyLeader, server)
        case .noData, .unusable, .damaged, .stopped, .starting, .unresponsive: return nil
        }
    }

    /// A primary in pause leads on without the lock; elsewhere no lock, no office, before the server is even down.
    private static func hasLostOffice(_ observation: Observation) -> Bool {
        guard !observation.lock.isMine else { return false }
        if observation.cluster.configuration.isPaused, case .primary = observation.server { return false }
        return true
    }
}
