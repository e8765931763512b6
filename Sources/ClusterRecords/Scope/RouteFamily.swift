/// The type of an EndpointSlice's addresses, which cannot change: each family has an object of its own.
public enum RouteFamily: String, Hashable, Sendable, CaseIterable {
    case ipv4 = "IPv4"
    case ipv6 = "IPv6"

    public init(of address: String) { self = address.contains(":") ? .ipv6 : .ipv4 }
}
