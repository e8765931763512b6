public import KubernetesModels

/// What must hold of an object: one writing, said to API servers as CEL and checked by the operator in Swift.
///
/// Whatever names a property is false while that property is absent, in both: API servers try a rule on the default of the
/// object before they fill in the defaults inside it, and a rule that reads an absent property is an error there.
public indirect enum Requirement: Sendable, Hashable {
    case isPresent(String)
    /// The property is there and has this value.
    case equals(String, JSONValue)
    /// The property is there and has another value.
    case differs(String, JSONValue)
    /// The map `property` has an entry `key`, and that is none of `words`.
    case entryDiffers(in: String, key: String, from: [String])
    /// The list is there and has at least so many elements.
    case hasAtLeast(String, Int)
    /// The list is there and has an element twice.
    case repeats(String)
    /// Every property of both sums is there, and the left sum is not greater than the right one.
    case atMost(Sum, Sum)
    /// The value itself is what it was before.
    case isUnchanged
    /// The property is what it was before, or is absent as it was.
    case keeps(String)
    /// The first element of the list is what it was before, where the list had and has one.
    case keepsFirst(String)
    case not(Requirement)
    case all([Requirement])
    case any([Requirement])

    /// Names of the properties it asks for; nil among them stands for the whole value.
    public var properties: Set<String?> { properties(alsoPresence: true) }

    /// Those of them whose value it reads, which costs the more the larger that is. Whether one is there costs the same always.
    public var readProperties: Set<String?> { properties(alsoPresence: false) }

    private func properties(alsoPresence: Bool) -> Set<String?> {
        switch self {
        case .isPresent(let name): alsoPresence ? [name] : []
        case .equals(let name, _), .differs(let name, _), .keeps(let name): [name]
        case .hasAtLeast(let name, _), .repeats(let name), .keepsFirst(let name): [name]
        case .entryDiffers(let name, _, _): [name]
        case .atMost(let left, let right): Set((left.terms + right.terms).map(\.property))
        case .isUnchanged: [nil]
        case .not(let inner): inner.properties(alsoPresence: alsoPresence)
        case .all(let parts), .any(let parts):
            parts.reduce(into: []) { $0.formUnion($1.properties(alsoPresence: alsoPresence)) }
        }
    }

    /// Whether it compares with a former value.
    public var isTransition: Bool {
        switch self {
        case .isUnchanged, .keeps, .keepsFirst: true
        case .isPresent, .equals, .differs, .entryDiffers, .hasAtLeast, .repeats, .atMost: false
        case .not(let inner): inner.isTransition
        case .all(let parts), .any(let parts): parts.contains { $0.isTransition }
        }
    }

    /// Whether it holds of `value`.
    ///
    /// - Parameter former: the value before the change; nil where there was none, and then nothing has changed.
    public func holds(of value: JSONValue, former: JSONValue? = nil) -> Bool {
        switch self {
        case .isPresent(let name): return value.present(name) != nil
        case .equals(let name, let wanted): return value.present(name) == wanted
        case .differs(let name, let unwanted): return value.present(name).map { $0 != unwanted } ?? false
        case .entryDiffers(let name, let key, let words):
            guard let entry = value.present(name)?.present(key) else { return false }
            return !words.contains { entry == .string($0) }
        case .hasAtLeast(let name, let count): return (value.present(name)?.arrayValue?.count ?? 0) >= count
        case .repeats(let name):
            let elements = value.present(name)?.arrayValue ?? []
            return Set(elements).count < elements.count
        case .atMost(let left, let right):
            guard let left = left.value(in: value), let right = right.value(in: value) else { return false }
            return left <= right
        case .isUnchanged: return former.map { $0 == value } ?? true
        case .keeps(let name): return former.map { $0.present(name) == value.present(name) } ?? true
        case .keepsFirst(let name):
            guard let first = value.present(name)?.arrayValue?.first,
                let was = former?.present(name)?.arrayValue?.first
            else { return true }
            return first == was
        case .not(let inner): return !inner.holds(of: value, former: former)
        case .all(let parts): return parts.allSatisfy { $0.holds(of: value, former: former) }
        case .any(let parts): return parts.contains { $0.holds(of: value, former: former) }
        }
    }
}

extension JSONValue {
    /// The member of that name; null counts as absent, as it does for an API server.
    fileprivate func present(_ name: String) -> JSONValue? {
        guard let member = self[name], !member.isNull else { return nil }
        return member
    }
}
