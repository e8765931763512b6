/// A size in a query: bytes, or a number with PostgreSQL's unit: `16kB`, `10MB`, `1.5GB`.
enum ByteSize {
    /// Bytes, rounded; nil for anything that is no size. Patroni takes such a value for "no limit", and a negative one for
    /// one that nobody keeps. Digits are decimal ones: no `1e3`, no `0x10`, and `010` is ten.
    static func parse(_ text: String) -> Int64? {
        let trimmed = text.drop { $0 == " " }
        let sign = trimmed.prefix { $0 == "-" }
        guard sign.count < 2 else { return nil }
        let digits = sign + trimmed.dropFirst(sign.count).prefix { $0.isNumber && $0.isASCII || $0 == "." }
        guard let number = Double(digits), number.isFinite else { return nil }
        let factor: Double
        switch trimmed.dropFirst(digits.count).filter({ $0 != " " }) {
        case "", "B": factor = 1
        case "kB": factor = 0x400
        case "MB": factor = 0x10_0000
        case "GB": factor = 0x4000_0000
        case "TB": factor = 0x100_0000_0000
        case _: return nil
        }
        let bytes = (number * factor).rounded()
        return abs(bytes) < 0x1p63 ? Int64(bytes) : bytes < 0 ? .min : .max
    }
}
