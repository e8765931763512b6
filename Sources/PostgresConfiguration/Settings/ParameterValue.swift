/// PostgreSQL's ways of writing a parameter's value.
enum ParameterValue {
    /// `on`, `true`, `yes`, `1` and their opposites, in any case; nil for anything else.
    static func boolean(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "on", "true", "yes", "1": true
        case "off", "false", "no", "0": false
        case _: nil
        }
    }

    /// An amount of memory in whole megabytes; a number without a unit counts megabytes, as `wal_keep_size` does.
    static func megabytes(_ text: String) -> Int? {
        let digits = text.prefix(while: { $0.isASCII && $0.isNumber })
        let unit = text.dropFirst(digits.count).drop(while: { $0 == " " })
        guard let number = Int(digits) else { return nil }
        let factors = ["": 1, "MB": 1, "GB": 1 << 10, "TB": 1 << 20]
        switch unit {
        case "B": return number >> 20
        case "kB": return number >> 10
        case _:
            guard let factor = factors[String(unit)] else { return nil }
            let (product, overflow) = number.multipliedReportingOverflow(by: factor)
            return overflow ? nil : product
        }
    }

    /// `value` between single quotes, as `postgresql.conf` and `primary_conninfo` want it.
    static func quoted(_ value: String) -> String {
        var result = "'"
        for character in value.unicodeScalars {
            switch character {
            case "'": result += "''"
            case "\\": result += "\\\\"
            case _: result.unicodeScalars.append(character)
            }
        }
        return result + "'"
    }
}
