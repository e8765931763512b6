/// The name of a replication slot that belongs to a member.
public struct SlotName: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    /// The longest name PostgreSQL keeps (NAMEDATALEN − 1).
    static let maximumLength = 63

    /// Patroni's translation of a member name (patroni.md §8): lower case, `-` and `.` become `_`, anything else outside
    /// `[a-z0-9_]` becomes `u` and four decimal digits of its code point, cut at 63.
    public init(member name: String) {
        var result = ""
        for scalar in name.lowercased().unicodeScalars {
            switch scalar {
            case "a"..."z", "0"..."9", "_": result.unicodeScalars.append(scalar)
            case "-", ".": result += "_"
            case _:
                let digits = String(scalar.value)
                result += "u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            }
        }
        description = String(result.prefix(Self.maximumLength))
    }

    /// The number a member's name ends with; nil for one that ends with none.
    public var ordinal: Int? {
        description.split(separator: "_", omittingEmptySubsequences: false).last.flatMap { text in
            !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
        }
    }

    /// Whether a slot is a member's by its name: the prefix all of them have, and an ordinal. What somebody else has called
    /// alike, `demo_barman` for a cluster `demo`, is not.
    public static func isMembers(_ slot: String, prefix: String) -> Bool {
        let ordinal = slot.dropFirst(prefix.count)
        return slot.hasPrefix(prefix) && !ordinal.isEmpty && ordinal.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
