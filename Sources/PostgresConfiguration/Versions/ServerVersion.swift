/// A PostgreSQL version: 15.4, or 15 when only the data directory was asked.
public struct ServerVersion: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let major: Int
    public let minor: Int

    public init(major: Int, minor: Int = 0) {
        self.major = major
        self.minor = minor
    }

    /// From `server_version_num`: 150004.
    public init(number: Int) {
        self.init(major: number / 10_000, minor: number % 10_000)
    }

    /// From `PG_VERSION` (`15`) or a tool's `--version` (`pg_controldata (PostgreSQL) 15.4 (Debian …)`).
    public init?(_ text: String) {
        for word in text.split(whereSeparator: \.isWhitespace) {
            let parts = word.split(separator: ".")
            guard let first = parts.first else { continue }
            let digits = first.prefix(while: { ("0"..."9").contains($0) })
            guard let major = Int(digits), major > 0, major < 1000 else { continue }
            self.init(major: major, minor: parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
            return
        }
        return nil
    }

    public static func < (left: ServerVersion, right: ServerVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }

    /// As `server_version_num`.
    public var number: Int { major * 10_000 + minor }

    public var description: String { "\(major).\(minor)" }
}
