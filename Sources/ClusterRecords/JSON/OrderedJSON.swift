import PlainText

/// JSON whose members keep their order, written as Python's `json.dumps` writes it.
///
/// Tools that were written against Patroni compare text: `", "` and `": "` between parts, ASCII only.
public enum OrderedJSON: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case string(String)
    case array([OrderedJSON])
    case object([(String, OrderedJSON)])

    public func serialized() -> String {
        var text: [UInt8] = []
        append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    private func append(to text: inout [UInt8]) {
        switch self {
        case .null: text += "null".utf8
        case .bool(let flag): text += (flag ? "true" : "false").utf8
        case .int(let number): text += String(number).utf8
        case .string(let string): JSONText.append(quoted: string, to: &text, .python)
        case .array(let elements):
            text += "[".utf8
            for (index, element) in elements.enumerated() {
                if index > 0 { text += ", ".utf8 }
                element.append(to: &text)
            }
            text += "]".utf8
        case .object(let members):
            text += "{".utf8
            for (index, member) in members.enumerated() {
                if index > 0 { text += ", ".utf8 }
                JSONText.append(quoted: member.0, to: &text, .python)
                text += ": ".utf8
                member.1.append(to: &text)
            }
            text += "}".utf8
        }
    }
}

extension OrderedJSON: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral {
    public init(stringLiteral value: String) { self = .string(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(integerLiteral value: Int64) { self = .int(value) }
}

extension OrderedJSON {
    /// A position as Patroni gives it to programs: a decimal number.
    public static func position(_ value: UInt64) -> OrderedJSON { .int(Int64(clamping: value)) }
}
