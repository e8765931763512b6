public import KubernetesModels

/// What this operator has seen of the lock's renewals.
///
/// Each renewal changes the lock, and an operator measures by a clock of its own how long it has not changed: no two machines'
/// clocks are compared.
public struct LockAge: Sendable, Hashable {
    /// When it last changed, or was seen for the first time; for people.
    public var lastChange: Timestamp
    public var unchanged: Duration

    public init(lastChange: Timestamp, unchanged: Duration) {
        // Times in Kubernetes objects have seconds.
        self.lastChange = Timestamp(secondsSince1970: lastChange.microsecondsSince1970 / 1_000_000)
        self.unchanged = unchanged
    }
}
