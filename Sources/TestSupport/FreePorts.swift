import Glibc
import Synchronization

/// Ports of a loopback address that nobody listens on now.
///
/// They lie below those that the kernel gives to outgoing connections (32768 and above), of which one may be in use when its
/// server comes to listen, and below a local Kubernetes' node ports. Each process goes on from a place of its own, so that
/// two of them hardly draw the same before either listens.
public enum FreePorts {
    private static let range = 12_000..<30_000
    private static let next = Atomic(Int(getpid()) &* 7_919)

    /// All are held open until the last is found, so that they differ.
    ///
    /// - Throws: ``ControlPlaneError`` when the address is none of this machine, or no port of the range is free.
    public static func take(_ count: Int, family: AddressFamily = .ipv4) throws -> [UInt16] {
        var descriptors: [Int32] = []
        defer { for descriptor in descriptors { close(descriptor) } }
        var ports: [UInt16] = []
        for _ in range where ports.count < count {
            let port = UInt16(range.lowerBound + next.add(1, ordering: .relaxed).oldValue % range.count)
            guard let place = SocketPlace(address: family.loopback, port: port) else {
                throw ControlPlaneError("\(family.loopback) is no address")
            }
            let descriptor = place.makeSocket()
            descriptors.append(descriptor)
            if place.withAddress({ bind(descriptor, $0, $1) }) == 0 {
                ports.append(port)
            } else if errno != EADDRINUSE {
                throw ControlPlaneError("no free port of \(family.loopback): \(String(cString: strerror(errno)))")
            }
        }
        guard ports.count == count else { throw ControlPlaneError("no \(count) free ports of \(family.loopback)") }
        return ports
    }
}
