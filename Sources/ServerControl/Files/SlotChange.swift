/// What ``LocalServer/ensureSlots(_:prefix:drops:deadline:)`` found and did.
public struct SlotChange: Hashable, Sendable {
    public var hasChanged = false
    /// A slot of ours that nobody is to have is in use still, and was left.
    public var hasUnwanted = false

    public init() {}
}
