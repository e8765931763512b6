import KubernetesModels

/// What a plain scalar means, as `sigs.k8s.io/yaml` (go-yaml v2) decides it.
enum YAMLScalar {
    private static let nulls: Set<String> = ["", "~", "null", "Null", "NULL"]
    private static let trues: Set<String> = ["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"]
    private static let falses: Set<String> = [
        "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF",
    ]

    /// `nil` for infinity and NaN, which JSON cannot hold.
    static func resolve(_ text: String) -> JSONValue? {
        if nulls.contains(text) { return .null }
        if trues.contains(text) { return .bool(true) }
        if falses.contains(text) { return .bool(false) }
        guard let first = text.utf8.first, "+-.0123456789".utf8.contains(first) else { return .string(text) }
        let sign = text.hasPrefix("-") || text.hasPrefix("+") ? 1 : 0
        switch text.dropFirst(sign).lowercased() {
        case ".inf" where sign == 0 || text.utf8.count == 5: return nil
        case ".nan" where sign == 0: return nil
        case _: break
        }
        let digits = text.filter { $0 != "_" }
        if let integer = integer(digits) { return integer }
        if isFloat(digits), let value = Double(digits), value.isFinite { return .double(value) }
        return .string(text)
    }

    /// The member name a resolved key becomes in JSON.
    static func keyText(_ key: JSONValue) -> String? {
        switch key {
        case .string(let text): text
        case .bool(let value): value ? "true" : "false"
        case .int(let value): String(value)
        case .double(let value): String(value)
        case .null, .array, .object: nil
        }
    }

    private static func integer(_ text: String) -> JSONValue? {
        let isNegative = text.hasPrefix("-")
        var digits = text.dropFirst(isNegative || text.hasPrefix("+") ? 1 : 0)
        guard let first = digits.utf8.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return nil }
        var radix = 10
        for (prefix, candidate) in [("0x", 16), ("0X", 16), ("0b", 2), ("0B", 2), ("0o", 8), ("0O", 8)]
        where digits.hasPrefix(prefix) {
            radix = candidate
            digits = digits.dropFirst(2)
        }
        if radix == 10, digits.utf8.count > 1, first == UInt8(ascii: "0") { radix = 8 }
        // `Int64(_:radix:)` would take a second sign.
        guard let next = digits.utf8.first, next != UInt8(ascii: "-"), next != UInt8(ascii: "+") else { return nil }
        if let value = Int64((isNegative ? "-" : "") + digits, radix: radix) { return .int(value) }
        guard radix == 10, digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Double(text).map { .double($0) }
    }

    /// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
    private static func isFloat(_ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        func takeDigits() -> Int {
            let count = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
            rest = rest.dropFirst(count)
            return count
        }
        func take(_ characters: String) -> Bool {
            guard let first = rest.first, characters.utf8.contains(first) else { return false }
            rest = rest.dropFirst()
            return true
        }
        _ = take("+-")
        let whole = takeDigits()
        if take(".") {
            if takeDigits() == 0, whole == 0 { return false }
        } else if whole == 0 {
            return false
        }
        if take("eE") {
            _ = take("+-")
            if takeDigits() == 0 { return false }
        }
        return rest.isEmpty
    }
}
