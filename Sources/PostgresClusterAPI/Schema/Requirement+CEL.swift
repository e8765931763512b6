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
        case .isUnchanged: "self == oldSelf"
        case .keeps(let name):
            "(has(self.\(name)) == has(oldSelf.\(name)) && (!has(self.\(name)) || self.\(name) == oldSelf.\(name)))"
        case .not(let inner): "!" + (inner.isEnclosed ? inner.expression : "(\(inner.expression))")
        case .all(let parts): "(" + parts.map(\.expression).joined(separator: " && ") + ")"
        case .any(let parts): "(" + parts.map(\.expression).joined(separator: " || ") + ")"
        }
    }

    /// Whether its expression can be negated as it stands.
    private var isEnclosed: Bool {
        switch self {
        case .isUnchanged: false
        case .isPresent, .equals, .differs, .entryDiffers, .atMost, .keeps, .not, .all, .any: true
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
