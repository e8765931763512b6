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

    /// The newest position of the leader that is known here: what it published, once a loop, or what has come from it since.
    /// nil where nothing is known of it. Patroni takes what the leader told in the stream, come or not (`latest_end_lsn`).
    var newestPosition: LSN? {
        [leaderPosition, replicationState == "streaming" ? received : nil].compactMap(\.self).max()
    }

    var mayBalanceLoad: Bool { !(tags["noloadbalance"]?.isTrue ?? false) }
}
