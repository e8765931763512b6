/// What ``LocalServer/ensureSlots(_:prefix:drops:deadline:)`` found and did.
public struct SlotChange: Hashable, Sendable {
    public var hasChanged = false

    public init() {}
}
