/// Strings as JSON writes them.
public enum JSONText {
    public enum Style: Sendable {
        /// UTF-8, escaped where JSON demands it.
        case utf8
        /// As Python's `json.dumps` does: ASCII only.
        case python
    }

    /// Appends `text` in quotation marks.
    public static func append(quoted text: some StringProtocol, to output: inout [UInt8], _ style: Style = .utf8) {
        output.append(UInt8(ascii: "\""))
        switch style {
        case .utf8: for byte in text.utf8 { append(UInt16(byte), to: &output, isPlain: byte >= 0x20, style) }
        case .python: for unit in text.utf16 { append(unit, to: &output, isPlain: 0x20..<0x7F ~= unit, style) }
        }
        output.append(UInt8(ascii: "\""))
    }

    /// Appends `text` in quotation marks, in UTF-8.
    public static func append(quoted text: some StringProtocol, to output: inout String) {
        var quoted: [UInt8] = []
        quoted.reserveCapacity(text.utf8.count + 2)
        append(quoted: text, to: &quoted)
        output += String(decoding: quoted, as: UTF8.self)
    }

    /// - Parameters:
    ///   - unit: a byte in UTF-8, or a unit of UTF-16.
    ///   - isPlain: what is no part of the syntax stands for itself.
    private static func append(_ unit: UInt16, to output: inout [UInt8], isPlain: Bool, _ style: Style) {
        switch (unit, style) {
        case (0x22, _), (0x5C, _): output += [UInt8(ascii: "\\"), UInt8(unit)]
        case (0x09, _): output += "\\t".utf8
        case (0x0A, _): output += "\\n".utf8
        case (0x0D, _): output += "\\r".utf8
        case (0x08, .python): output += "\\b".utf8
        case (0x0C, .python): output += "\\f".utf8
        case (_, _) where isPlain: output.append(UInt8(unit))
        case (_, _):
            output += "\\u".utf8
            for shift in [12, 8, 4, 0] as [UInt16] { output.append(hexadecimal(unit >> shift & 0xF)) }
        }
    }

    private static func hexadecimal(_ digit: UInt16) -> UInt8 {
        UInt8(digit) + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
    }
}
