import HighAvailability
import KubernetesModels
import PlainText
import PostgresClusterAPI
import Units

/// The changes of the primary, oldest first, each with what is known of its kind.
struct ClusterHistory: Hashable {
    struct Change: Hashable {
        var what: TimelineSwitch
        /// nil: nobody tells. The new leader's record does, unless it is of a former version or Patroni's; the status tells of
        /// the last change of each kind.
        var kind: ChangeKind?
        /// Of the last failover, once the new primary has told them.
        var phases: PhasesStatus?
    }

    var changes: [Change]

    /// - Parameters:
    ///   - lead: timeline the last holder of the lock led on: the one the last change began.
    ///   - request: in the cluster's spec; what became of it is in the status.
    init(
        _ switches: [TimelineSwitch], lead: Timeline?, status: PostgresClusterStatus?, request: SwitchoverRequest?
    ) {
        changes = switches.map { Change(what: $0, kind: $0.kind) }
        guard let status else { return }
        if let index = Self.index(of: status.lastFailover, in: switches, lead: lead) {
            let kind: ChangeKind = status.lastFailover?.reason == "Requested" ? .forced : .failover
            changes[index].kind = changes[index].kind ?? kind
            changes[index].phases = status.lastFailover?.phases
        }
        // Another request's by now: nobody knows whether that one was forced.
        let isKnown = status.switchover.map { $0.request == request?.contentHash } == true
        let asked: ChangeKind? = isKnown ? request?.mode == .forced ? .forced : .switchover : nil
        let changed: [(SwitchoverStatus?, ChangeKind?)] = [(status.switchover, asked), (status.handover, .handover)]
        for (change, kind) in changed {
            guard let index = Self.index(of: change, in: switches) else { continue }
            // The agents know of a request, and not that it was the operator's own.
            let isOperators = kind == .handover && changes[index].kind == .switchover
            if changes[index].kind == nil || isOperators { changes[index].kind = kind }
        }
    }

    /// A failover is known by the member and by the timeline it began.
    private static func index(
        of failover: FailoverStatus?, in switches: [TimelineSwitch], lead: Timeline?
    ) -> Int? {
        guard let failover, let begun = failover.timeline else { return nil }
        return switches.indices.last { index in
            let following = index + 1 < switches.count ? switches[index + 1].timeline : lead
            return switches[index].newLeader == failover.to && following.map { Int64($0.rawValue) } == begun
        }
    }

    /// How far two clocks may differ that tell of one change: the new leader's and the operator's.
    private static let tolerance: Int64 = 5_000_000

    /// A switchover is known by the member and by its time; where several changes fit, nothing is known.
    private static func index(of change: SwitchoverStatus?, in switches: [TimelineSwitch]) -> Int? {
        guard let change, change.phase == .succeeded, let begin = change.startedAt ?? change.requestedAt,
            let end = change.finishedAt
        else { return nil }
        let span = begin.microsecondsSince1970 - tolerance...max(begin, end).microsecondsSince1970 + tolerance
        let fitting = switches.indices.filter { index in
            guard switches[index].newLeader == change.to, let time = switches[index].time.flatMap({ Timestamp($0) })
            else { return false }
            return span.contains(time.microsecondsSince1970)
        }
        return fitting.count == 1 ? fitting[0] : nil
    }
}

extension ClusterHistory {
    /// In Patroni's columns, with the kind of change behind them. For programs a position is the number Patroni prints.
    var table: RecordTable<Change> {
        RecordTable(
            columns: [
                .init(key: "TL", alignment: .right) { .int(Int64($0.what.timeline.rawValue)) },
                .init(
                    key: "LSN", alignment: .right, value: { .int(Int64(clamping: $0.what.position.rawValue)) },
                    shown: { $0.what.position.description }),
                .init(key: "Reason") { .string($0.what.reason) },
                .init(key: "Timestamp") { $0.what.time.map { .string($0) } },
                .init(key: "New Leader") { $0.what.newLeader.map { .string($0) } },
                .init(key: "Kind", isOptional: true) { $0.kind.map { .string($0.rawValue) } },
            ], records: changes)
    }
}
