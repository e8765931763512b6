import PlainText

extension JSONValue {
    /// Parses one JSON document in UTF-8.
    ///
    /// - Throws: ``JSONParsingError`` for anything that is not exactly one value, or is nested deeper than 256.
    public init(parsing bytes: some Sequence<UInt8>) throws(JSONParsingError) {
        var parser = JSONParser(Array(bytes))
        self = try parser.parseDocument()
    }

    /// Parses one JSON document.
    public init(parsing text: some StringProtocol) throws(JSONParsingError) {
        try self.init(parsing: text.utf8)
    }

    /// Compact JSON with sorted keys: equal values give equal text. A double that is not finite becomes `null`.
    public func serialized() -> String { String(decoding: serializedBytes(), as: UTF8.self) }

    /// As ``serialized()``, in UTF-8.
    public func serializedBytes() -> [UInt8] {
        var output: [UInt8] = []
        append(to: &output, indentation: nil)
        return output
    }

    /// JSON with two spaces of indentation and sorted keys, for people.
    public func prettyPrinted() -> String {
        var output: [UInt8] = []
        append(to: &output, indentation: 0)
        return String(decoding: output, as: UTF8.self)
    }

    private func append(to output: inout [UInt8], indentation: Int?) {
        switch self {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
        case .int(let value): output.append(contentsOf: value.description.utf8)
        case .double(let value): output.append(contentsOf: (value.isFinite ? value.description : "null").utf8)
        case .string(let value): JSONText.append(quoted: value, to: &output)
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            let inner = indentation.map { $0 + 1 }
            for (index, element) in elements.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                Self.append(lineBreak: inner, to: &output)
                element.append(to: &output, indentation: inner)
            }
            if !elements.isEmpty { Self.append(lineBreak: indentation, to: &output) }
            output.append(UInt8(ascii: "]"))
        case .object(let members):
            output.append(UInt8(ascii: "{"))
            let inner = indentation.map { $0 + 1 }
            for (index, (key, value)) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                Self.append(lineBreak: inner, to: &output)
                JSONText.append(quoted: key, to: &output)
                output.append(contentsOf: (indentation == nil ? ":" : ": ").utf8)
                value.append(to: &output, indentation: inner)
            }
            if !members.isEmpty { Self.append(lineBreak: indentation, to: &output) }
            output.append(UInt8(ascii: "}"))
        }
    }

    private static func append(lineBreak depth: Int?, to output: inout [UInt8]) {
        guard let depth else { return }
        output.append(0x0A)
        output.append(contentsOf: repeatElement(0x20, count: 2 * depth))
    }
}

extension JSONValue: CustomStringConvertible {
    public var description: String { serialized() }
}
