import KubernetesModels

extension Requirement {
    /// The requirement in the Common Expression Language, `self` being the object; known to API servers from 1.25 on.
    public var expression: String {
        switch self {
        case .isPresent(let name): "has(self.\(name))"
        case .equals(let name, let value): "(has(self.\(name)) && self.\(name) == \(value.literal))"
        case .differs(let name, let value): "(has(self.\(name)) && self.\(name) != \(value.literal))"
        case .entryDiffers(let name, let key, let words):
            "(has(self.\(name)) && \(JSONValue.string(key).literal) in self.\(name) && "
                + "!(self.\(name)[\(JSONValue.string(key).literal)] in "
                + "[\(words.map { JSONValue.string($0).literal }.joined(separator: ", "))]))"
        case .atMost(let left, let right):
            "("
                + ((left.guards + right.guards).map { "has(self.\($0))" }
                + ["\(left.expression) <= \(right.expression)"]).joined(separator: " && ") + ")"
        case .hasAtLeast(let name, let count): "(has(self.\(name)) && size(self.\(name)) >= \(count))"
        case .repeats(let name):
            "(has(self.\(name)) && self.\(name).exists(one, !self.\(name).exists_one(other, other == one)))"
        case .isUnchanged: "self == oldSelf"
        case .keeps(let name):
            "(has(self.\(name)) == has(oldSelf.\(name)) && (!has(self.\(name)) || self.\(name) == oldSelf.\(name)))"
        case .keepsFirst(let name):
            "(!has(self.\(name)) || !has(oldSelf.\(name)) || size(self.\(name)) == 0 || size(oldSelf.\(name)) == 0 || "
                + "self.\(name)[0] == oldSelf.\(name)[0])"
        case .not(let inner): "!" + (inner.isEnclosed ? inner.expression : "(\(inner.expression))")
        case .all(let parts): "(" + parts.map(\.expression).joined(separator: " && ") + ")"
        case .any(let parts): "(" + parts.map(\.expression).joined(separator: " || ") + ")"
        }
    }

    /// Whether its expression can be negated as it stands.
    private var isEnclosed: Bool {
        switch self {
        case .isUnchanged: false
        case .isPresent, .equals, .differs, .entryDiffers, .hasAtLeast, .repeats, .atMost, .keeps, .keepsFirst, .not,
            .all, .any:
            true
        }
    }
}

extension JSONValue {
    /// A number, truth value or plain word as CEL writes it.
    fileprivate var literal: String {
        guard case .string(let text) = self else { return serialized() }
        let escaped = text.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
        return "'\(escaped)'"
    }
}
