/// A consistent list of objects.
public struct ResourceList<Item: Sendable>: Sendable {
    public var items: [Item]
    /// Where a watch goes on from.
    public var resourceVersion: String

    public init(items: [Item], resourceVersion: String) {
        self.items = items
        self.resourceVersion = resourceVersion
    }
}
