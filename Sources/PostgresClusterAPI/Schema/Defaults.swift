public import KubernetesModels

/// Fills absent properties from the schema, exactly as the API server does on a write.
///
/// Needed for objects that did not pass through our CRD: files read by the command line, tests, and resources stored
/// before a property was added.
public enum Defaults {
    /// `value` with the defaults of `type` filled in at every depth; anything that is not an object is left alone.
    public static func applied(to value: JSONValue, as type: any SchemaObject.Type) -> JSONValue {
        guard case .object(var object) = value else { return value }
        for (name, field) in type.fields {
            if object[name] == nil || object[name] == .null {
                object[name] = field.defaultValue
            }
            if let present = object[name] {
                object[name] = applied(to: present, shape: field.shape)
            }
        }
        return .object(object)
    }

    private static func applied(to value: JSONValue, shape: Shape) -> JSONValue {
        switch shape {
        case .object(let type):
            return applied(to: value, as: type)
        case .list(let element, _, _):
            guard case .array(let elements) = value else { return value }
            return .array(elements.map { applied(to: $0, shape: element) })
        case .map(let element, _):
            guard case .object(let entries) = value else { return value }
            // An API server takes null out of a map, too.
            return .object(entries.filter { !$0.value.isNull }.mapValues { applied(to: $0, shape: element) })
        case .text, .choice, .integer, .boolean, .quantity, .timestamp, .passthrough:
            return value
        }
    }
}
