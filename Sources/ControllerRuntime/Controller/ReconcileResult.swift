/// What a reconciler wants after it succeeded.
public struct ReconcileResult: Sendable, Hashable {
    /// Look again after this long even if nothing changes; nil waits for a change.
    public var requeueAfter: Duration?

    public init(requeueAfter: Duration? = nil) { self.requeueAfter = requeueAfter }

    /// Nothing more to do until something changes.
    public static let done = ReconcileResult()
}
