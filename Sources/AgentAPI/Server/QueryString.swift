/// The query of a request, read as Patroni reads it (Python's `parse_qs`).
///
/// A plus is a space, the first value of a name counts, one without a value is as if it were not there, and what is no escape
/// stands for itself.
enum QueryString {
    static func values(of text: String) -> [String: String] {
        var values: [String: String] = [:]
        for part in text.split(separator: "&") {
            guard let equals = part.firstIndex(of: "=") else { continue }
            let value = decoded(part[part.index(after: equals)...])
            let name = decoded(part[..<equals])
            if !value.isEmpty, values[name] == nil { values[name] = value }
        }
        return values
    }

    private static func decoded(_ text: Substring) -> String {
        guard text.contains("%") || text.contains("+") else { return String(text) }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let escaped = hexadecimal(rest.prefix(2)) {
                bytes.append(escaped)
                rest.removeFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt8? {
        let text = String(decoding: digits, as: UTF8.self)
        // `+1` is a number to Swift, too.
        guard digits.count == 2, text.allSatisfy(\.isHexDigit) else { return nil }
        return UInt8(text, radix: 16)
    }
}
