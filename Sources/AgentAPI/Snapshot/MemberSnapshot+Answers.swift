import AgentShell
import Units

extension MemberSnapshot {
    func isLeader(at now: BootInstant) -> Bool {
        lockExpiry.map { now < $0 } ?? false
    }

    /// The cluster is known, and not longer ago than a lock lives.
    func isStoreFresh(at now: BootInstant) -> Bool {
        storeSeen.map { now - $0 < ttl } ?? false
    }

    var mayBalanceLoad: Bool { !(tags["noloadbalance"]?.isTrue ?? false) }
}
