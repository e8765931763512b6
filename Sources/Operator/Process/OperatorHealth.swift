public import Observability
import Synchronization

/// What the probes and Prometheus ask an operator process.
///
/// The operator serves no HTTP itself: whoever runs it puts these answers behind `/healthz`, `/readyz` and `/metrics`.
public final class OperatorHealth: Sendable {
    /// An answer to a probe.
    public struct Answer: Sendable, Hashable {
        public var isOK: Bool
        /// One line for people.
        public var text: String

        /// 200 or 503.
        public var status: Int { isOK ? 200 : 503 }
    }

    /// What the process is doing.
    public enum Phase: String, Sendable {
        case starting
        /// Another process leads.
        case following
        /// Leads, caches not yet complete.
        case syncing
        case leading
        case stopping
        /// The lease was lost; the process has to exit.
        case lost
    }

    public let registry: MetricsRegistry
    private let phase = Mutex(Phase.starting)

    public init(registry: MetricsRegistry = MetricsRegistry()) {
        self.registry = registry
        ProcessMetrics.register(in: registry)
    }

    /// `/healthz`: fails only when the process should be replaced.
    public var healthz: Answer {
        let phase = current
        return Answer(isOK: phase != .lost, text: phase.rawValue)
    }

    /// `/readyz`: the process does what it is for, which for a follower is to wait.
    public var readyz: Answer {
        let phase = current
        switch phase {
        case .following, .leading: return Answer(isOK: true, text: phase.rawValue)
        case .starting, .syncing, .stopping, .lost: return Answer(isOK: false, text: phase.rawValue)
        }
    }

    /// `/metrics`, in the format of ``MetricsRegistry/contentType``.
    public var metrics: String { registry.exposition() }

    public var current: Phase { phase.withLock { $0 } }

    func enter(_ new: Phase) { phase.withLock { $0 = new } }
}
