/// An amount in Kubernetes' notation: `10Gi`, `500m`, `1.5`, `1e9`.
public struct Quantity: Sendable, Hashable, CustomStringConvertible {
    /// The amount as it was written; sent on unchanged.
    public let text: String

    /// Thousandths of the unit, rounded up as Kubernetes does.
    private let thousandths: Int64

    /// Whole units, rounded up: bytes for storage.
    public var value: Int64 {
        let (whole, rest) = thousandths.quotientAndRemainder(dividingBy: 1000)
        return rest > 0 ? whole + 1 : whole
    }

    /// - Returns: nil when the text is not a quantity or does not fit into 64 bits of thousandths (about 8 PiB).
    public init?(_ text: String) {
        guard let thousandths = Self.thousandths(of: text) else { return nil }
        self.text = text
        self.thousandths = thousandths
    }

    /// Whether both mean the same: `1Gi` and `1024Mi` do, though they are not equal as texts.
    public func isSameAmount(as other: Quantity) -> Bool { thousandths == other.thousandths }

    public var description: String { text }

    private static let units: [(suffix: String, base: Int64, power: Int)] = [
        ("Ki", 1024, 1), ("Mi", 1024, 2), ("Gi", 1024, 3), ("Ti", 1024, 4), ("Pi", 1024, 5), ("Ei", 1024, 6),
        ("k", 1000, 1), ("M", 1000, 2), ("G", 1000, 3), ("T", 1000, 4), ("P", 1000, 5), ("E", 1000, 6),
    ]

    private static func thousandths(of text: String) -> Int64? {
        var rest = Substring(text)
        guard !rest.isEmpty, rest.utf8.count <= 32 else { return nil }
        var isNegative = false
        if let sign = rest.first, sign == "+" || sign == "-" {
            isNegative = sign == "-"
            rest = rest.dropFirst()
        }
        let number = rest.prefix { ($0.isASCII && $0.isNumber) || $0 == "." }
        guard let decimal = Decimal(number) else { return nil }
        let suffix = String(rest.dropFirst(number.count))
        guard let magnitude = decimal.thousandths(suffix: suffix) else { return nil }
        return isNegative ? -magnitude : magnitude
    }

    /// Digits and how many of them follow the point.
    private struct Decimal {
        var digits: Int64 = 0
        var decimals = 0

        init?(_ text: Substring) {
            var seenPoint = false
            var seenDigit = false
            for character in text {
                if character == "." {
                    guard !seenPoint else { return nil }
                    seenPoint = true
                    continue
                }
                guard let digit = character.wholeNumberValue else { return nil }
                let (shifted, overflow) = digits.multipliedReportingOverflow(by: 10)
                let (sum, overflowed) = shifted.addingReportingOverflow(Int64(digit))
                guard !overflow, !overflowed else { return nil }
                digits = sum
                seenDigit = true
                if seenPoint { decimals += 1 }
            }
            guard seenDigit else { return nil }
        }

        /// Below the thousandth the amount is rounded up.
        func thousandths(suffix: String) -> Int64? {
            switch suffix {
            case "n": return scaled(multiplier: 1, exponent: 3 - 9)
            case "u": return scaled(multiplier: 1, exponent: 3 - 6)
            case "m": return scaled(multiplier: 1, exponent: 0)
            case "": return scaled(multiplier: 1, exponent: 3)
            default: break
            }
            if let unit = Quantity.units.first(where: { $0.suffix == suffix }) {
                var multiplier: Int64 = 1
                for _ in 0..<unit.power {
                    let (product, overflow) = multiplier.multipliedReportingOverflow(by: unit.base)
                    guard !overflow else { return nil }
                    multiplier = product
                }
                return scaled(multiplier: multiplier, exponent: 3)
            }
            if suffix.hasPrefix("e") || suffix.hasPrefix("E"), let exponent = Int(suffix.dropFirst()),
                (-24...24).contains(exponent)
            {
                return scaled(multiplier: 1, exponent: 3 + exponent)
            }
            return nil
        }

        private func scaled(multiplier: Int64, exponent: Int) -> Int64? {
            var (amount, overflow) = digits.multipliedReportingOverflow(by: multiplier)
            guard !overflow else { return nil }
            let shift = exponent - decimals
            for _ in 0..<max(0, shift) where amount != 0 {
                (amount, overflow) = amount.multipliedReportingOverflow(by: 10)
                guard !overflow else { return nil }
            }
            var isRounded = false
            for _ in 0..<max(0, -shift) where amount != 0 {
                isRounded = isRounded || amount % 10 != 0
                amount /= 10
            }
            return isRounded ? amount + 1 : amount
        }
    }
}

extension Quantity: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text: String
        do {
            text = String(try container.decode(Int64.self))
        } catch DecodingError.typeMismatch {
            text = try container.decode(String.self)
        }
        guard let quantity = Quantity(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\"\(text)\" is not a quantity such as 10Gi, 500m or 1048576")
        }
        self = quantity
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
