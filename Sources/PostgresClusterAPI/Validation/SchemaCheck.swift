import KubernetesModels

/// What an API server checks of a value, checked again: the bounds and forms of the schema, then its rules.
///
/// Servers drop what they do not know (CEL before 1.25), and a resource may be older than a bound.
enum SchemaCheck {
    /// Everything about `value` that the schema of `type` does not allow.
    ///
    /// - Parameter value: with the defaults filled in.
    /// - Returns: the problems in the order of the schema; rules are tried only when everything else is right, as an API
    ///   server does. Rules about changes are not tried here.
    static func problems(of value: JSONValue, as type: any SchemaObject.Type, at path: String) -> [SpecProblem] {
        let forms = forms(of: value, as: .object(type), at: path)
        return forms.isEmpty ? rules(of: value, as: .object(type), own: [], at: path) : forms
    }

    // MARK: Forms

    private static func forms(of value: JSONValue, as shape: Shape, at path: String) -> [SpecProblem] {
        func wrong(_ rule: String) -> [SpecProblem] {
            [SpecProblem(path: path, value: value.shown, message: rule, source: .schema)]
        }
        switch (shape, value) {
        case (.object(let type), .object):
            return type.fields.flatMap { name, field -> [SpecProblem] in
                guard let present = value[name], !present.isNull else {
                    return field.isRequired
                        ? [SpecProblem(path: "\(path).\(name)", value: nil, message: "is required", source: .schema)]
                        : []
                }
                return forms(of: present, as: field.shape, at: "\(path).\(name)")
            }
        case (.list(let element, let key, let maximumCount), .array(let elements)):
            guard elements.count <= maximumCount else { return wrong("must have at most \(maximumCount) entries") }
            return elements.enumerated().flatMap { forms(of: $1, as: element, at: "\(path)[\($0)]") }
                + (key.map { repeated($0, in: elements, at: path) } ?? [])
        case (.map(let element, let maximumCount), .object(let entries)):
            guard entries.count <= maximumCount else { return wrong("must have at most \(maximumCount) entries") }
            return entries.sorted { $0.key < $1.key }.flatMap { forms(of: $1, as: element, at: "\(path).\($0)") }
        case (.text(let pattern, let maximumLength, let meaning), .string(let text)):
            guard text.unicodeScalars.count <= maximumLength else {
                return wrong("must be at most \(maximumLength) characters")
            }
            guard let pattern, !isMatch(text, of: pattern) else { return [] }
            return wrong("must \(meaning.map { "be \($0), and " } ?? "")match \(pattern)")
        case (.choice(let words), .string(let word)):
            return words.contains(word) ? [] : wrong("must be one of \(words.joined(separator: ", "))")
        case (.integer(let minimum, let maximum), .int(let number)):
            guard number < minimum || number > maximum else { return [] }
            return wrong(
                maximum == .max ? "must be at least \(minimum)" : "must be between \(minimum) and \(maximum)")
        case (.passthrough(.array), .array(let elements)):
            guard elements.count <= Shape.maximumPassthroughCount else {
                return wrong("must have at most \(Shape.maximumPassthroughCount) entries")
            }
            return elements.enumerated().flatMap { forms(of: $1, as: .passthrough(.object), at: "\(path)[\($0)]") }
        case (.quantity, .string(let text)):
            return Shape.isQuantityForm(text) ? [] : wrong("must be \(shape.noun)")
        case (.timestamp, .string(let text)):
            return Timestamp(text) != nil ? [] : wrong("must be \(shape.noun)")
        case (.boolean, .bool), (.quantity, .int), (.passthrough(.object), .object):
            return []
        case _:
            return wrong("must be \(shape.noun)")
        }
    }

    private static func repeated(_ key: String, in elements: [JSONValue], at path: String) -> [SpecProblem] {
        var seen: Set<JSONValue> = []
        return elements.enumerated().compactMap { index, element in
            guard let name = element[key], !seen.insert(name).inserted else { return nil }
            return SpecProblem(
                path: "\(path)[\(index)].\(key)", value: name.shown, message: "is given twice", source: .schema)
        }
    }

    private static func isMatch(_ text: String, of pattern: String) -> Bool {
        do {
            return try TextPattern(pattern).matches(text)
        } catch {
            return false  // No regular expression: a test tries every one of the schema.
        }
    }

    // MARK: Rules

    private static func rules(of value: JSONValue, as shape: Shape, own: [Rule], at path: String) -> [SpecProblem] {
        switch (shape, value) {
        case (.object(let type), .object):
            return broken(own + type.rules, by: value, at: path)
                + type.fields.flatMap { name, field in
                    value[name].map {
                        rules(of: $0, as: field.shape, own: field.rules, at: "\(path).\(name)")
                    } ?? []
                }
        case (.list(let element, _, _), .array(let elements)):
            return broken(own, by: value, at: path)
                + elements.enumerated().flatMap { rules(of: $1, as: element, own: [], at: "\(path)[\($0)]") }
        case (.map(let element, _), .object(let entries)):
            return broken(own, by: value, at: path)
                + entries.sorted { $0.key < $1.key }.flatMap {
                    rules(of: $1, as: element, own: [], at: "\(path).\($0)")
                }
        case _:
            return broken(own, by: value, at: path)
        }
    }

    private static func broken(_ rules: [Rule], by value: JSONValue, at path: String) -> [SpecProblem] {
        rules.filter { !$0.isTransition && !$0.requirement.holds(of: value) }.map { rule in
            var found: JSONValue? = value
            for name in rule.property?.split(separator: ".") ?? [] { found = found?[String(name)] }
            return SpecProblem(
                path: rule.property.map { "\(path).\($0)" } ?? path,
                value: rule.requirement.figures(in: value) ?? found?.shown, message: rule.message, source: .rule)
        }
    }
}

extension Requirement {
    /// The sums it compares, with their figures; nil when it compares none.
    fileprivate func figures(in value: JSONValue) -> String? {
        switch self {
        case .atMost(let left, let right):
            guard let left = left.figures(in: value), let right = right.figures(in: value) else { return nil }
            return "\(left), \(right)"
        case .not(let inner): return inner.figures(in: value)
        case .isPresent, .equals, .differs, .entryDiffers, .hasAtLeast, .repeats, .isUnchanged, .keeps, .keepsFirst,
            .all,
            .any:
            return nil
        }
    }
}

extension JSONValue {
    /// As a message shows it: text without quotes.
    fileprivate var shown: String { stringValue ?? serialized() }
}

extension Shape {
    /// What a value of this shape is, for the message to somebody who wrote another kind.
    fileprivate var noun: String {
        switch self {
        case .text, .choice: "text (put numbers and booleans in quotes)"
        case .integer: "a whole number"
        case .boolean: "true or false"
        case .quantity: "a quantity such as 10Gi"
        case .timestamp: "a time such as 2026-01-31T22:00:00Z"
        case .list, .passthrough(.array): "a list"
        case .map, .object, .passthrough(.object): "an object"
        }
    }
}
