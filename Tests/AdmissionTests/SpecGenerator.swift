import KubernetesModels
import PostgresClusterAPI
import SeededChance

/// Draws specs from the schema: what stands in it, at its bounds and beyond them, and now and then a value of another kind.
///
/// It knows no field by name, so a new one is drawn by itself. Only the words texts are made of are chosen, so that patterns,
/// rules and the names of members are met often.
struct SpecGenerator {
    private var random: SeededGenerator
    /// How often, of a hundred values, one is drawn that should not fit.
    private var mischief = 0

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// A spec; half of them keep to every bound.
    mutating func spec() -> JSONValue {
        mischief = chance(50) ? 0 : Int.random(in: 1...12, using: &random)
        let density = Int.random(in: 5...60, using: &random)
        return object(PostgresClusterSpec.self, density: density)
    }

    // MARK: Values

    private mutating func object(_ type: any SchemaObject.Type, density: Int) -> JSONValue {
        var members: [String: JSONValue] = [:]
        for (name, field) in type.fields {
            guard field.isRequired ? !chance(mischief / 4) : chance(density) else { continue }
            members[name] = chance(mischief / 4) ? .null : value(of: field.shape, density: density)
        }
        return .object(members)
    }

    private mutating func value(of shape: Shape, density: Int) -> JSONValue {
        if chance(mischief / 3) {
            let kind = pick(Self.kinds)
            // Servers let a list through here; AgreementTests says so.
            if case .timestamp = shape, kind.arrayValue != nil { return "tomorrow" }
            return kind
        }
        switch shape {
        case .text(let pattern, let maximumLength, _): return .string(text(pattern, maximumLength))
        case .choice(let words): return .string(isMischief() ? "sometimes" : pick(words))
        case .integer(let minimum, let maximum): return .int(integer(minimum, maximum))
        case .boolean: return .bool(chance(50))
        case .quantity: return pick(isMischief() ? Self.strangeQuantities : Self.quantities)
        case .timestamp: return .string(pick(isMischief() ? Self.strangeTimes : Self.times))
        case .map(let element, let maximumCount):
            let count = count(maximumCount)
            return .object(
                Dictionary(
                    (0..<count).map { index in
                        let key = index < 3 ? pick(Self.keys) : "key\(index)"
                        return (key, value(of: element, density: density))
                    }, uniquingKeysWith: { first, _ in first }))
        case .list(let element, _, let maximumCount):
            return .array((0..<count(maximumCount)).map { _ in value(of: element, density: density) })
        case .object(let type): return object(type, density: density)
        case .passthrough(.object): return pick(Self.objects)
        case .passthrough(.array): return .array((0..<count(64)).map { _ in pick(Self.objects) })
        }
    }

    /// Mostly a few, sometimes all there may be, and one too many in mischief.
    private mutating func count(_ maximum: Int) -> Int {
        if isMischief() { return maximum + 1 }
        return chance(3) ? maximum : Int.random(in: 0...min(3, maximum), using: &random)
    }

    private mutating func integer(_ minimum: Int64, _ maximum: Int64) -> Int64 {
        if isMischief() { return chance(50) || maximum == .max ? minimum - 1 : maximum + 1 }
        if chance(20) { return minimum }
        if chance(20), maximum != .max { return maximum }
        // Small values meet each other in rules.
        let ceiling = maximum == .max ? minimum + 100 : chance(70) ? min(maximum, minimum + 40) : maximum
        return Int64.random(in: minimum...ceiling, using: &random)
    }

    private mutating func text(_ pattern: String?, _ maximumLength: Int) -> String {
        if isMischief() {
            return chance(40) ? String(repeating: "a", count: maximumLength + 1) : pick(Self.strangeTexts)
        }
        if chance(4) { return String(repeating: "a", count: maximumLength) }
        let fitting = Self.texts.filter { Self.fits($0, pattern, maximumLength) }
        return fitting.isEmpty ? Self.plainText(pattern, maximumLength) : pick(fitting)
    }

    // MARK: Plain values

    /// A value of the shape that every bound allows, the same each time.
    static func plainValue(of shape: Shape) -> JSONValue {
        switch shape {
        case .text(let pattern, let maximumLength, _): .string(plainText(pattern, maximumLength))
        case .choice(let words): .string(words[0])
        case .integer(let minimum, _): .int(minimum)
        case .boolean: false
        case .quantity: "1Gi"
        case .timestamp: "2026-01-02T03:04:05Z"
        case .map, .passthrough(.object): [:]
        case .list, .passthrough(.array): []
        case .object(let type):
            .object(
                Dictionary(
                    uniqueKeysWithValues: type.fields.filter(\.field.isRequired).map {
                        ($0.name, plainValue(of: $0.field.shape))
                    }))
        }
    }

    /// - Returns: the first of ``texts`` that fits; a pattern none fits needs a word there, and the property test says so.
    private static func plainText(_ pattern: String?, _ maximumLength: Int) -> String {
        texts.first { fits($0, pattern, maximumLength) } ?? ""
    }

    /// Whether there is a text to draw for every pattern of the schema.
    static func hasText(for pattern: String) -> Bool { texts.contains { fits($0, pattern, .max) } }

    private static func fits(_ text: String, _ pattern: String?, _ maximumLength: Int) -> Bool {
        guard text.unicodeScalars.count <= maximumLength else { return false }
        guard let pattern else { return true }
        do {
            return try text.firstMatch(of: Regex(pattern)) != nil
        } catch {
            return false  // No regular expression: a test of the schema tries them all.
        }
    }

    // MARK: Chance

    private mutating func isMischief() -> Bool { chance(mischief) }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: values.indices, using: &random)]
    }

    private static let texts = [
        "demo-1", "demo-0", "demo-2", "demo", "UTF8", "C.UTF-8", "en_US.utf8", "10.1.2.3", "10.0.0.0/8",
        "[2001:db8::1]",
        "2001:db8::1",
        "pg.example.com", "site_b", "replica", "logical", "on", "200", "64MB", "host all all all scram-sha-256", "16",
        "",
        "matriarch-postgres:15", "und-x-icu", "a/b", "é", "standard",
    ]
    private static let strangeTexts = [
        "", " ", "demo 1", "Demo-1", "demo-", "-demo", "a,b", "a/b", "a\nb", "a\n", "\ta", "a\u{A0}b", "a\u{2003}b",
        "é", "e\u{301}",
        "🐘", "\u{0}", "minimal", "a\u{B}b", "a\u{85}b", "a\u{C}b",
    ]
    private static let keys = ["wal_level", "max_connections", "work_mem", "app", "team", "memory", "cpu", "demo-0"]
    private static let quantities: [JSONValue] = [
        "10Gi", "1Gi", "64Mi", "2Gi", "1.5Gi", 1_073_741_824, "1e9", "100M", "500m", 0,
    ]
    private static let strangeQuantities: [JSONValue] = [
        "ten", "", "1 Gi", "1GiB", "1gi", "-1Gi", "9999999Ei", "1e1.5", 1.5, "+5Gi", "1e99", ".5", "5.", "1.2.3", -1,
        "1Ki\n",
        "00000000000000000000000000000000001", "1E", "1u",
    ]
    private static let times = ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05+01:00"]
    private static let strangeTimes = [
        "tomorrow", "2026-01-02", "2026-13-02T03:04:05Z", "2026-02-30T03:04:05Z", "2026-01-02T03:04:05", "",
        "2026-01-02T25:04:05Z",
    ]
    private static let objects: [JSONValue] = [
        [:], ["key": "zone", "operator": "Exists"], ["nodeAffinity": [:]], ["maxSkew": 1],
    ]
    /// One of each kind of value.
    private static let kinds: [JSONValue] = [true, 7, 1.5, "text", [], [:], ["x"], ["a": "b"], nil]
}
