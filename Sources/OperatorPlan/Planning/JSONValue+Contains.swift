import KubernetesModels
import PostgresClusterAPI

extension JSONValue {
    /// Whether everything in `other` is here as well: what the server added (defaults, its own fields) does not count.
    ///
    /// Lists must have the same length and order; quantities may be spelt differently.
    func contains(_ other: JSONValue) -> Bool {
        switch (self, other) {
        case (.object(let own), .object(let theirs)):
            theirs.allSatisfy { key, value in own[key]?.contains(value) ?? value.isEmptyContainer }
        case (.array(let own), .array(let theirs)):
            own.count == theirs.count && zip(own, theirs).allSatisfy { $0.contains($1) }
        case (.string(let own), .string(let theirs)):
            own == theirs || Self.areSameAmount(own, theirs)
        default:
            self == other
        }
    }

    /// The server drops an empty object or list instead of storing it.
    private var isEmptyContainer: Bool {
        switch self {
        case .object(let members): members.values.allSatisfy(\.isEmptyContainer)
        case .array(let elements): elements.isEmpty
        case .null, .bool, .int, .double, .string: false
        }
    }

    private static func areSameAmount(_ left: String, _ right: String) -> Bool {
        guard let left = Quantity(left), let right = Quantity(right) else { return false }
        return left.isSameAmount(as: right)
    }
}
