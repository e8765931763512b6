/// Where a server is, as URLs and messages write it: `demo.example:5432`, `10.0.0.7:5432`, `[fd00::7]:5432`.
public struct ServerPlace: Hashable, Sendable, CustomStringConvertible {
    /// A name or an address; an IPv6 address without brackets, as PostgreSQL takes it.
    public var host: String
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    public var description: String { "\(Self.bracketed(host)):\(port)" }

    /// What a host is called in front of a port: an IPv6 address stands in brackets there, or its last group would pass for one.
    public static func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }

    /// The opposite: what the brackets of an address hold; anything else as it is.
    public static func withoutBrackets(_ host: String) -> String {
        guard host.hasPrefix("["), host.hasSuffix("]"), host.contains(":") else { return host }
        return String(host.dropFirst().dropLast())
    }
}
