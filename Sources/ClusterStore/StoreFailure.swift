/// Why the store has not done what it was asked, as far as its callers act on it.
public protocol StoreFailure: Error {
    /// It has changed since it was read; nothing was written.
    var isConflict: Bool { get }
    /// The object, or its whole kind, does not exist.
    var isNotFound: Bool { get }
    /// It was to be created, and is there.
    var isAlreadyExists: Bool { get }
    /// The server does not let this agent do it, for now at least.
    var isForbidden: Bool { get }
    /// The same may succeed later without anything being changed.
    var isRetryable: Bool { get }
    /// A write may have landed, or may land yet.
    var isOutcomeUnknown: Bool { get }
    /// How long the server asks to be left alone; nil: it does not say.
    var retryAfter: Duration? { get }
}
