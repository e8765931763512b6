import Logging
import PlainText

extension JSONText {
    /// Appends a value of a record, without an intermediate tree.
    static func append(_ value: Logger.Metadata.Value, to output: inout String) {
        switch value {
        case .string(let text): append(quoted: text, to: &output)
        case .stringConvertible(let convertible):
            switch convertible {
            case let number as any BinaryInteger: output += String(describing: number)
            case let flag as Bool: output += flag ? "true" : "false"
            case let number as Double where number.isFinite: output += String(number)
            case _: append(quoted: convertible.description, to: &output)
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
                append(quoted: entry.key, to: &output)
                output += ":"
                append(entry.value, to: &output)
            }
            output += "}"
        }
    }
}
