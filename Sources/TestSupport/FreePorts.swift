import Glibc

/// Ports of a loopback address that nobody listens on now.
public enum FreePorts {
    /// All are held open until the last is found, so that they differ.
    public static func take(_ count: Int, family: AddressFamily = .ipv4) throws -> [UInt16] {
        var descriptors: [Int32] = []
        defer { for descriptor in descriptors { close(descriptor) } }
        return try (0..<count).map { _ in
            guard let place = SocketPlace(address: family.loopback, port: 0) else {
                throw ControlPlaneError("\(family.loopback) is no address")
            }
            let descriptor = place.makeSocket()
            descriptors.append(descriptor)
            guard place.withAddress({ bind(descriptor, $0, $1) }) == 0, let bound = SocketPlace(of: descriptor) else {
                throw ControlPlaneError("no free port of \(family.loopback): \(String(cString: strerror(errno)))")
            }
            return bound.port
        }
    }
}
