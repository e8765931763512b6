import PostgresClusterAPI

/// What one reconciliation does, in order.
///
/// The shell carries the changes out one by one and stops at the first that fails; the next reconciliation starts from a
/// fresh observation. What is said of a change that fails for good is a ``Refusal``. A plan made from the state it led to
/// is empty.
public struct Plan: Sendable, Hashable {
    public var changes: [Change] = []
    /// Look again after this long even if nothing changes; nil when only a change can matter.
    public var requeueAfter: Duration?
    /// One sentence for the log: what this reconciliation found.
    public var verdict = "nothing to do"

    /// The status when all is done; nil when the plan has nothing to say about it.
    var status: PostgresClusterStatus?

    public init() {}

    public var isEmpty: Bool { changes.isEmpty }

    /// Asks to be looked at again after `delay`, or sooner if somebody asked for that already.
    mutating func requeue(after delay: Duration) {
        requeueAfter = min(requeueAfter ?? delay, delay)
    }
}
