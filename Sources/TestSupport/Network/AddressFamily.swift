/// Which addresses a test lives by.
public enum AddressFamily: Sendable, Hashable {
    case ipv4
    case ipv6

    public var loopback: String {
        switch self {
        case .ipv4: "127.0.0.1"
        case .ipv6: "::1"
        }
    }

    /// As it stands in a URL.
    static func authority(_ address: String, _ port: some BinaryInteger) -> String {
        address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
}
