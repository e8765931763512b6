import KubernetesModels

extension SchemaObject {
    /// The structural OpenAPI v3 schema of this object.
    static func jsonSchema(description: String? = nil) -> [String: JSONValue] {
        var properties: [String: JSONValue] = [:]
        var required: [JSONValue] = []
        for (name, field) in fields {
            properties[name] = .object(field.jsonSchema)
            if field.isRequired { required.append(.string(name)) }
        }
        var schema: [String: JSONValue] = [
            "type": "object", "description": .string(description ?? summary), "properties": .object(properties),
        ]
        if !required.isEmpty { schema["required"] = .array(required) }
        if !rules.isEmpty { schema["x-kubernetes-validations"] = .array(rules.map(\.json)) }
        return schema
    }
}

extension Field {
    /// The schema of the property, with its description, default and rules.
    var jsonSchema: [String: JSONValue] {
        var schema = shape.jsonSchema
        schema["description"] = .string(description)
        if let defaultValue { schema["default"] = defaultValue }
        if !rules.isEmpty {
            let own = schema["x-kubernetes-validations"]?.arrayValue ?? []
            schema["x-kubernetes-validations"] = .array(own + rules.map(\.json))
        }
        return schema
    }
}

extension Shape {
    /// Optional sign, digits, optional fraction, optional exponent or unit: the form Kubernetes itself generates.
    static let quantityPattern =
        #"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$"#

    /// Whether an API server takes `text` for a quantity, however great.
    static func isQuantityForm(_ text: String) -> Bool {
        do {
            return try text.utf8.count <= maximumQuantityLength && TextPattern(quantityPattern).matches(text)
        } catch {
            return false  // No regular expression: a test tries every one of the schema.
        }
    }

    static let maximumQuantityLength = 32

    var jsonSchema: [String: JSONValue] {
        switch self {
        case .text(let pattern, let maxLength, _):
            var schema: [String: JSONValue] = ["type": "string", "maxLength": .int(Int64(maxLength))]
            if let pattern { schema["pattern"] = .string(pattern) }
            return schema
        case .choice(let words):
            // The words bound the length already, but API servers before 1.27 estimate the cost of a rule without them.
            return [
                "type": "string", "enum": .array(words.map { .string($0) }),
                "maxLength": .int(Int64(words.map(\.count).max() ?? 0)),
            ]
        case .integer(let minimum, let maximum):
            let format = maximum > Int64(Int32.max) ? "int64" : "int32"
            var schema: [String: JSONValue] = [
                "type": "integer", "format": .string(format), "minimum": .int(minimum),
            ]
            // API servers hold bounds as doubles: the largest Int64 is rounded up, overflows and refuses everything.
            if maximum < .max { schema["maximum"] = .int(maximum) }
            return schema
        case .boolean:
            return ["type": "boolean"]
        case .quantity:
            return [
                "anyOf": [["type": "integer"], ["type": "string"]], "pattern": .string(Self.quantityPattern),
                "x-kubernetes-int-or-string": true, "maxLength": .int(Int64(Self.maximumQuantityLength)),
            ]
        case .timestamp:
            return ["type": "string", "format": "date-time", "maxLength": 64]
        case .map(let value, let maximumCount):
            return [
                "type": "object", "additionalProperties": .object(value.jsonSchema),
                "maxProperties": .int(Int64(maximumCount)),
            ]
        case .list(let element, let key, let maximumCount):
            var schema: [String: JSONValue] = [
                "type": "array", "items": .object(element.jsonSchema), "maxItems": .int(Int64(maximumCount)),
                "x-kubernetes-list-type": key == nil ? "atomic" : "map",
            ]
            if let key { schema["x-kubernetes-list-map-keys"] = [.string(key)] }
            return schema
        case .object(let type):
            return type.jsonSchema()
        case .passthrough(.object):
            return ["type": "object", "x-kubernetes-preserve-unknown-fields": true]
        case .passthrough(.array):
            return [
                "type": "array", "maxItems": .int(Int64(Self.maximumPassthroughCount)),
                "x-kubernetes-list-type": "atomic",
                "items": ["type": "object", "x-kubernetes-preserve-unknown-fields": true],
            ]
        }
    }
}

extension Rule {
    var json: JSONValue { ["rule": .string(expression), "message": .string(message)] }
}
