/// A server setting that takes effect at the next restart.
public struct PendingSetting: Hashable, Sendable {
    public var name: String
    /// What the server runs with, as PostgreSQL writes it.
    public var oldValue: String
    public var newValue: String

    public init(name: String, oldValue: String, newValue: String) {
        self.name = name
        self.oldValue = oldValue
        self.newValue = newValue
    }
}
