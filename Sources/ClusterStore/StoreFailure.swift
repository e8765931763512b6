/// Why the store has not done what it was asked, as far as its callers act on it.
public protocol StoreFailure: Error {
    /// It has changed since it was read; nothing was written.
    var isConflict: Bool { get }
    /// The object, or its whole kind, does not exist.
    var isNotFound: Bool { get }
}
