import ClusterRecords
import KubernetesModels
import PostgresClusterAPI
import Units

/// A member that is wanted and not ready.
struct Unready: Sendable, Hashable {
    let name: String
    /// By the clock of the operator that saw it first; compared with an operator's clock only.
    let since: Timestamp
    let wait: Wait
    /// Since when it is waited for the same thing. A copy has its time also when what is copied was down for long before.
    let waitSince: Timestamp

    /// - Parameter before: what was said of it last.
    init(name: String, wait: Wait, before: UnreadyStatus?, now: Timestamp) {
        self.name = name
        self.wait = wait
        since = before?.since ?? now
        if let before, before.reason == nil || before.reason == wait.reason {
            waitSince = before.reasonSince ?? before.since
        } else {
            waitSince = now
        }
    }

    /// What it is waited for, and how long without saying that something is wrong.
    enum Wait: Sendable, Hashable {
        /// Somebody says what keeps it.
        case obstacle(String)
        /// Its Pod is not there. The operator may not read why: that is in the Events of the StatefulSet.
        case absent(statefulSet: String)
        case leaving
        /// Its agent has not said anything.
        case silent(String?)
        /// Its agent says what it is doing, which takes as long as there is data.
        case working(String)
        /// Nothing is waited for: its agent says that it is not on its way.
        case down(String)

        /// An autoscaler, a pull and a controller's retry have some time; what takes long for good reason has more.
        var patience: Duration {
            switch self {
            case .obstacle, .absent: .seconds(60)
            case .leaving, .silent: .seconds(300)
            case .working: .seconds(1800)
            case .down: .zero
            }
        }

        var reason: UnreadyReason {
            switch self {
            case .obstacle: .obstacle
            case .absent: .podMissing
            case .leaving: .podDeleting
            case .silent: .silent
            case .working: .working
            case .down: .down
            }
        }

        var sentence: String {
            switch self {
            case .obstacle(let words): words
            case .absent(let statefulSet):
                "its Pod is not made; the Events of StatefulSet \(statefulSet) say why, such as a quota or an admission policy"
            case .leaving: "its Pod is being deleted"
            case .silent(let words): "its agent has not said anything" + (words.map { " (\($0))" } ?? "")
            case .working(let state): "\(state); its log says how far it is"
            case .down(let words): words
            }
        }
    }

    /// From when on it counts as missing; nil for one that its own state tells of.
    var deadline: Timestamp? {
        if case .down = wait { return nil }
        return waitSince + wait.patience
    }

    var status: UnreadyStatus {
        UnreadyStatus(
            name: name, since: since, reason: wait.reason, reasonSince: waitSince,
            message: bounded(wait.sentence, to: UnreadyStatus.maximumMessageLength))
    }
}

extension Unready.Wait {
    /// - Parameter isOnTheWay: whether its agent says that it is.
    init(_ member: ObservedMember, isOnTheWay: Bool) {
        if let obstacle = member.obstacle {
            self = .obstacle(obstacle)
        } else if member.isDeleting {
            self = .leaving
        } else if let problem = member.problem {
            self = .down(problem)
        } else if member.record.stateName == nil {
            self = .silent(member.silence?.cause)
        } else if let silence = member.silence {
            self = .down(silence.sentence)
        } else if isOnTheWay {
            self = .working(member.state ?? "")
        } else {
            self = .down(member.state ?? "")
        }
    }
}
