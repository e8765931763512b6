import KubernetesClient
import KubernetesModels
import PostgresClusterAPI
import Testing

@Suite struct DefaultTests {
    /// The smallest spec, one with the smallest form of every optional section the schema has, one with null in a map.
    static let specs: [JSONValue] = [
        minimalSpec, merged(minimalSpec, smallestSections(of: PostgresClusterSpec.self)),
        merged(minimalSpec, ["nodeSelector": ["disk": "ssd", "zone": nil]]),
    ]

    @Test(arguments: specs)
    func `the server fills in what the operator fills in`(_ spec: JSONValue) async throws {
        let admission = try await Admission()
        let answer = try await admission.answer(to: admission.object(spec))
        let stored = try #require(answer.stored?["spec"], "\(answer)")
        #expect(stored == Defaults.applied(to: spec, as: PostgresClusterSpec.self))
        #expect(try PostgresClusterSpec.read(spec).get() == stored.decoded(as: PostgresClusterSpec.self))
    }

    @Test func `every section is among the sections tried`() {
        let sections = Self.smallestSections(of: PostgresClusterSpec.self).objectValue ?? [:]
        let optional = PostgresClusterSpec.fields.filter { !$0.field.shape.objects.isEmpty && !$0.field.isRequired }
        #expect(Set(sections.keys) == Set(optional.map(\.name)) && sections.count >= 8)
    }

    /// Each property that is an object or a list of objects, with its required properties alone.
    private static func smallestSections(of type: any SchemaObject.Type) -> JSONValue {
        var object: JSONValue = [:]
        for (name, field) in type.fields where !field.isRequired {
            guard let nested = field.shape.objects.first else { continue }
            switch field.shape {
            case .list: object[name] = [smallest(nested)]
            case .map: object[name] = ["demo-0": smallest(nested)]
            case .object: object[name] = smallest(nested)
            case .text, .choice, .integer, .boolean, .quantity, .timestamp, .passthrough: break
            }
        }
        return object
    }

    private static func smallest(_ type: any SchemaObject.Type) -> JSONValue {
        var object: JSONValue = smallestSections(of: type)
        for (name, field) in type.fields where field.isRequired {
            object[name] = SpecGenerator.plainValue(of: field.shape)
        }
        return object
    }
}

@Suite struct UnknownFieldTests {
    @Test(
        arguments: [
            (["instnces": 3], "spec.instnces"),
            (
                ["highAvailability": ["synchronous": ["standbyCount": 2]]],
                "spec.highAvailability.synchronous.standbyCount"
            ),
            (["instanceOverrides": [["name": "demo-1", "tag": [:]]]], "spec.instanceOverrides[0].tag"),
        ] as [(JSONValue, String)])
    func `a field nobody knows is refused by name when the writer asks for it`(
        _ changes: JSONValue, _ path: String
    ) async throws {
        let admission = try await Admission()
        let object = admission.object(merged(minimalSpec, changes))
        let strict = try await admission.answer(to: object)
        #expect(strict.message.contains("unknown field \"\(path)\""), "\(strict)")
        let lenient = try await admission.answer(to: object, validation: .ignore)
        let stored = try #require(lenient.stored?["spec"], "\(lenient)")
        #expect(try PostgresClusterSpec.read(stored).get() == PostgresClusterSpec.read(object["spec"] ?? [:]).get())
    }
}
