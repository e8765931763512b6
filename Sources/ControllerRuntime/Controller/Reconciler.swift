/// Brings the world closer to what one resource asks for.
///
/// Level-triggered: told which resource to look at, never what happened to it. Idempotent: called again, it finds nothing to do.
public protocol Reconciler<Key>: Sendable {
    associatedtype Key: Hashable & Sendable & CustomStringConvertible

    /// - Throws: ``TerminalError`` when trying again is useless; anything else is tried again after a growing pause.
    func reconcile(_ key: Key) async throws -> ReconcileResult
}
