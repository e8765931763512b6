import Logging

/// The little JSON a log line needs, appended to a string without an intermediate tree.
enum JSONText {
    static func append(string: String, to output: inout String) {
        output += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            case _: output.unicodeScalars.append(scalar)
            }
        }
        output += "\""
    }

    static func append(_ value: Logger.Metadata.Value, to output: inout String) {
        switch value {
        case .string(let text): append(string: text, to: &output)
        case .stringConvertible(let convertible):
            switch convertible {
            case let number as any BinaryInteger: output += String(describing: number)
            case let flag as Bool: output += flag ? "true" : "false"
            case let number as Double where number.isFinite: output += String(number)
            case _: append(string: convertible.description, to: &output)
            }
        case .array(let values):
            output += "["
            for (index, element) in values.enumerated() {
                if index > 0 { output += "," }
                append(element, to: &output)
            }
            output += "]"
        case .dictionary(let dictionary):
            output += "{"
            for (index, entry) in dictionary.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { output += "," }
                append(string: entry.key, to: &output)
                output += ":"
                append(entry.value, to: &output)
            }
            output += "}"
        }
    }
}
