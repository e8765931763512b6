import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import Synchronization
import Units

/// Writes this member's status and role label, in a task of its own: a slow API server holds up no decision.
///
/// Only the newest wish counts; one that means what is already published is not written.
final class MemberPublisher: Sendable {
    struct Wish: Hashable, Sendable {
        var status: MemberRecord
        var label: RoleLabelChange

        /// Whether this member wants to be behind the read-write Service.
        var isRouted: Bool { label == .set(.primary) || label == .keep }

        /// Whether nothing has to be written where `published` is.
        func isMet(by published: Wish) -> Bool {
            (label == published.label || label == .keep) && status.meansTheSame(as: published.status)
        }
    }

    /// What the store shows of this member.
    enum Sight: Sendable {
        /// Nobody has looked.
        case unknown
        /// No Pod by its name is found among the cluster's.
        case missing
        case member(Member)

        /// Whether it is what was published, as far as others act on it.
        func shows(_ wish: Wish) -> Bool {
            switch self {
            case .unknown: true
            case .missing: false
            case .member(let member):
                member.shows(
                    role: wish.status.role, state: wish.status.state,
                    hasCheckpoint: wish.status.hasCheckpointSincePromotion,
                    isLabelledPrimary: wish.label == .keep ? nil : wish.label == .set(.primary))
            }
        }
    }

    private let store: any ClusterStore
    private let member: String
    private let podUID: String
    private let clock: any AgentClock
    private let logger: Logger
    private let state = Mutex(State())
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    init(store: any ClusterStore, member: String, podUID: String, clock: any AgentClock, logger: Logger) {
        self.store = store
        self.member = member
        self.podUID = podUID
        self.clock = clock
        self.logger = logger
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    private struct State {
        var wish: Wish?
        /// What the store is known to have, and since when; nil after a write whose outcome is unknown.
        var published: (wish: Wish, at: BootInstant)?
    }

    /// How long the watch may lag behind a write before what it shows counts as somebody else's.
    private static let patienceWithWatch = Duration.seconds(2)

    /// - Parameter seen: what the store shows of this member. A write that was thought lost can land late, over a newer one;
    ///   another leader takes the primary label away; and somebody may take those by which a member is found. Each is seen
    ///   here, and written again.
    func publish(_ new: Wish, seen: Sight = .unknown) {
        let changes = state.withLock { state in
            if let published = state.published, clock.now - published.at > Self.patienceWithWatch,
                !seen.shows(published.wish)
            {
                state.published = nil
            }
            state.wish = new
            return state.published.map { !new.isMet(by: $0.wish) } ?? true
        }
        if changes { signal.yield() }
    }

    /// What this member last said of itself.
    var wanted: Wish? { state.withLock { $0.wish } }

    /// What is wanted and not known to be published.
    private var due: Wish? {
        state.withLock { state in
            guard let wish = state.wish else { return nil }
            if let published = state.published, wish.isMet(by: published.wish) { return nil }
            return wish
        }
    }

    /// Writes until cancelled; after a failure it tries again with whatever is wanted by then.
    func run() async {
        for await _ in signals {
            var pause = Duration.milliseconds(100)
            while !Task.isCancelled, let wanted = due {
                do {
                    try await store.publish(
                        wanted.status, label: wanted.label, member: member, podUID: podUID,
                        deadline: clock.now + .seconds(3))
                    state.withLock { $0.published = (wanted, clock.now) }
                } catch {
                    // It may have landed all the same: what the store has is not known any more.
                    state.withLock { $0.published = nil }
                    logger.info("could not publish the member's status yet", metadata: ["error": "\(error)"])
                    // Cancellation shows at the head of the loop.
                    try? await clock.sleep(for: pause)
                    pause = min(pause * 2, .seconds(2))
                }
            }
        }
    }
}
