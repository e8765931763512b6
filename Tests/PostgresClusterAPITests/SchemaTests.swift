import KubernetesModels
import Testing

@testable import PostgresClusterAPI

@Suite struct SchemaTests {
    /// Every type of the resource that is an object, found through the schema itself.
    static var allTypes: [any SchemaObject.Type] {
        var found: [any SchemaObject.Type] = []
        func visit(_ type: any SchemaObject.Type) {
            guard !found.contains(where: { $0 == type }) else { return }
            found.append(type)
            for (_, field) in type.fields {
                if let (nested, _) = field.shape.nestedObject { visit(nested) }
            }
        }
        visit(PostgresClusterSpec.self)
        visit(PostgresClusterStatus.self)
        return found
    }

    @Test func `every schema property is decoded and every decoded property is in the schema`() throws {
        #expect(Self.allTypes.count >= 16)
        for type in Self.allTypes { try checkRoundTrip(type) }
    }

    /// An object with every property of the schema decodes, and encodes to the same properties.
    private func checkRoundTrip<Value: SchemaObject>(_ type: Value.Type) throws {
        let example = Shape.object(type).example
        let value: Value = try example.decoded()
        let encoded = try JSONValue(encoding: value)
        #expect(encoded.objectValue?.keys.sorted() == example.objectValue?.keys.sorted(), "\(type)")
        let stored = Mirror(reflecting: value).children.compactMap(\.label)
        #expect(Set(stored) == Set(type.fields.map(\.name)), "stored properties of \(type)")
    }

    @Test func `every property has a description and every object a summary`() {
        for type in Self.allTypes {
            #expect(type.summary.hasSuffix("."), "\(type)")
            for (name, field) in type.fields {
                #expect(field.description.hasSuffix("."), "\(type).\(name): \(field.description)")
            }
        }
    }

    @Test func `a property is required, has a default or may be absent in Swift`() throws {
        // An object with the required properties alone decodes once defaults are applied.
        for type in Self.allTypes { try checkMinimum(type) }
    }

    private func checkMinimum<Value: SchemaObject>(_ type: Value.Type) throws {
        var minimum: JSONValue = [:]
        for (name, field) in type.fields where field.isRequired { minimum[name] = field.shape.example }
        let _: Value = try Defaults.applied(to: minimum, as: type).decoded()
    }

    @Test func `defaults fit their own schema`() throws {
        for type in Self.allTypes {
            for (name, field) in type.fields {
                guard let value = field.defaultValue else { continue }
                switch (field.shape, value) {
                case (.integer(let minimum, let maximum), .int(let number)):
                    #expect((minimum...maximum).contains(number), "\(type).\(name)")
                case (.choice(let words), .string(let word)): #expect(words.contains(word), "\(type).\(name)")
                case (.text, .string), (.boolean, .bool), (.quantity, .string), (.object, .object([:])),
                    (.map, .object([:])), (.list, .array([])):
                    break
                case _: Issue.record("\(type).\(name) has the default \(value)")
                }
            }
        }
    }

    /// What Kubernetes asks of a structural schema, besides its own validation.
    @Test func `the schema is structural and bounded`() throws {
        let version = try #require(CustomResourceDefinition.object.value(at: "spec", "versions")?[0])
        let schema = try #require(version.value(at: "schema", "openAPIV3Schema"))
        var count = 0
        func visit(_ node: JSONValue, _ path: String) {
            count += 1
            let isIntOrString = node["x-kubernetes-int-or-string"] == true
            let type = node["type"]?.stringValue
            #expect(type != nil || isIntOrString, "\(path) has no type")
            switch type {
            case "string":
                #expect(node["maxLength"] != nil || node["enum"] != nil || path.count < 13, "\(path) has no bound")
            case "array": #expect(node["maxItems"] != nil && node["x-kubernetes-list-type"] != nil, "\(path)")
            case "integer":
                // Bounds travel as doubles; beyond 2^53 they change, and the largest Int64 overflows.
                let bound = node["maximum"]?.int64Value
                #expect(node["minimum"] != nil && bound ?? 0 < 1 << 53, "\(path) is bound by \(bound ?? 0)")
                #expect(bound != nil || node["format"] == "int64", "\(path)")
            case _: break
            }
            #expect(!path.contains(".") || node["description"] != nil || path.hasSuffix("[]"), "\(path)")
            for (name, child) in node["properties"]?.objectValue ?? [:] { visit(child, "\(path).\(name)") }
            if let items = node["items"] { visit(items, path + "[]") }
            if let values = node["additionalProperties"] { visit(values, path + "[]") }
        }
        for part in ["spec", "status"] {
            visit(try #require(schema.value(at: "properties", part)), part)
        }
        #expect(count > 80)
    }

    @Test func `timings, unions and immutability are CEL rules`() {
        let rules = Self.allRules.map(\.rule)
        #expect(rules.count >= 8)
        for rule in [
            HighAvailabilitySpec.keepsLockObject, BootstrapSpec.isImmutable, StorageSpec.keepsStorageClass,
        ] + HighAvailabilitySpec.rules + SynchronousSpec.rules + SwitchoverRequest.rules + PostgreSQLSpec.rules {
            #expect(rules.contains(rule), "\(rule.message)")
        }
        let text = CustomResourceDefinition.object.serialized()
        for (_, _, rule) in Self.allRules {
            #expect(text.contains(JSONValue.string(rule.expression).serialized()), "\(rule.expression)")
        }
        // A message that is computed has a cost servers cannot estimate, and those before 1.27 do not know it.
        #expect(!text.contains("messageExpression"))
    }

    /// Every rule with the object or property it stands at.
    static var allRules: [(type: any SchemaObject.Type, shape: Shape, rule: Rule)] {
        allTypes.flatMap { type in
            type.rules.map { (type, .object(type), $0) }
                + type.fields.flatMap { _, field in field.rules.map { (type, field.shape, $0) } }
        }
    }

    @Test func `a rule asks for properties that exist, and reads bounded ones alone`() throws {
        for (type, shape, rule) in Self.allRules {
            for property in rule.requirement.properties {
                guard let property else {
                    #expect(shape.isBounded, "\(type): \(rule.message)")
                    continue
                }
                guard case .object(let object) = shape else {
                    Issue.record("\(type): \(rule.message) names \(property) of no object")
                    continue
                }
                let field = try #require(
                    object.fields.first { $0.name == property }?.field, "\(object).\(property)")
                if rule.requirement.readProperties.contains(property) {
                    #expect(field.shape.isBounded, "\(object).\(property)")
                }
            }
        }
    }

    @Test func `every pattern is a regular expression and its own default matches it`() throws {
        _ = try TextPattern(Shape.quantityPattern)
        for type in Self.allTypes {
            for (name, field) in type.fields {
                guard let pattern = field.shape.pattern else { continue }
                let compiled = try TextPattern(pattern)
                // What \s, \w and \d stand for differs between engines; ranges do not.
                #expect(pattern.firstMatch(of: /\\[a-zA-Z]/) == nil, "\(type).\(name): \(pattern)")
                if let text = field.defaultValue?.stringValue { #expect(compiled.matches(text), "\(type).\(name)") }
            }
        }
    }

    @Test(arguments: [
        ("^[a-z]+$", "abc", true), ("^[a-z]+$", "abc\n", false), ("^[a-z]+$", "", false),
        ("^[!-~]+$", "a\u{B}b", false),
        ("^[!-~]+$", "a\tb", false), ("^[a-z.]{2}$", "e\u{301}", false), ("^.{2}$", "e\u{301}", true),
    ])
    func `a pattern is matched as an API server matches it`(_ pattern: String, _ text: String, _ matches: Bool) throws {
        #expect(try TextPattern(pattern).matches(text) == matches)
    }

    @Test func `kubectl get shows what matters first and age last`() throws {
        let version = try #require(CustomResourceDefinition.object.value(at: "spec", "versions")?[0])
        let columns = version["additionalPrinterColumns"]?.arrayValue?.compactMap { $0["name"]?.stringValue }
        #expect(columns == ["READY", "PRIMARY", "TIMELINE", "STATUS", "SIZE", "IMAGE", "AGE"])
    }
}

extension Shape {
    /// The pattern of a text, or of the texts in a list or map.
    fileprivate var pattern: String? {
        switch self {
        case .text(let pattern, _, _): pattern
        case .list(let element, _, _), .map(let element, _): element.pattern
        case .choice, .integer, .boolean, .quantity, .timestamp, .object, .passthrough: nil
        }
    }

    /// Whether an API server can estimate how long it takes to compare two values.
    fileprivate var isBounded: Bool {
        switch self {
        case .text(_, let maximumLength, _): maximumLength <= 4096
        case .list(let element, _, let maximumCount), .map(let element, let maximumCount):
            maximumCount <= 256 && element.isBounded
        case .object(let type): type.fields.allSatisfy { $0.field.shape.isBounded }
        case .choice, .integer, .boolean, .quantity, .timestamp: true
        case .passthrough: false
        }
    }

    /// A value of this shape with every property of every object.
    var example: JSONValue {
        switch self {
        case .text: "demo-1"
        case .choice(let words): .string(words[0])
        case .integer(let minimum, _): .int(max(minimum, 7))
        case .boolean: true
        case .quantity: "10Gi"
        case .timestamp: "2026-01-02T03:04:05Z"
        case .map(let value, _): ["key": value.example]
        case .list(let element, _, _): [element.example]
        case .object(let type):
            .object(Dictionary(uniqueKeysWithValues: type.fields.map { ($0.name, $0.field.shape.example) }))
        case .passthrough(.object): ["any": ["thing": 1]]
        case .passthrough(.array): [["any": "thing"]]
        }
    }
}
