import ClusterStore
import HighAvailability
import Logging
import Synchronization

/// Writes this member's status and role label, in a task of its own: a slow API server holds up no decision.
///
/// Only the newest wish counts; one that means what is already published is not written.
final class MemberPublisher: Sendable {
    struct Wish: Hashable, Sendable {
        var status: MemberStatus
        var role: RoleLabel?

        func meansTheSame(as other: Wish) -> Bool {
            role == other.role && status.meansTheSame(as: other.status)
        }
    }

    private let store: any ClusterStore
    private let member: String
    private let podUID: String
    private let logger: Logger
    private let wish = Mutex<Wish?>(nil)
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    init(store: any ClusterStore, member: String, podUID: String, logger: Logger) {
        self.store = store
        self.member = member
        self.podUID = podUID
        self.logger = logger
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func publish(_ new: Wish) {
        let changes = wish.withLock { wish in
            defer { wish = new }
            return wish.map { !$0.meansTheSame(as: new) } ?? true
        }
        if changes { signal.yield() }
    }

    /// What this member last said of itself.
    var wanted: Wish? { wish.withLock { $0 } }

    /// Writes until cancelled; after a failure it tries again with whatever is wanted by then.
    func run() async {
        var published: Wish?
        for await _ in signals {
            var pause = Duration.milliseconds(100)
            while !Task.isCancelled, let wanted = wish.withLock({ $0 }),
                !(published.map { $0.meansTheSame(as: wanted) } ?? false)
            {
                do {
                    try await store.publish(
                        wanted.status, role: wanted.role, member: member, podUID: podUID,
                        deadline: .now() + .seconds(3))
                    published = wanted
                } catch {
                    logger.info("could not publish the member's status yet", metadata: ["error": "\(error)"])
                    // Cancellation shows at the head of the loop.
                    try? await Task.sleep(for: pause)
                    pause = min(pause * 2, .seconds(2))
                }
            }
        }
    }
}
