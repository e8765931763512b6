import Glibc

/// A numeric address and a port, as the socket calls want them.
struct SocketPlace {
    let family: Int32
    private var storage = sockaddr_storage()
    private let length: socklen_t

    /// Nil when it is no address of either family.
    init?(address: String, port: UInt16) {
        var place = sockaddr_in()
        var place6 = sockaddr_in6()
        if inet_pton(AF_INET, address, &place.sin_addr) == 1 {
            family = AF_INET
            place.sin_family = sa_family_t(AF_INET)
            place.sin_port = port.bigEndian
            length = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutableBytes(of: &storage) { target in
                withUnsafeBytes(of: &place) { target.copyMemory(from: $0) }
            }
        } else if inet_pton(AF_INET6, address, &place6.sin6_addr) == 1 {
            family = AF_INET6
            place6.sin6_family = sa_family_t(AF_INET6)
            place6.sin6_port = port.bigEndian
            length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            withUnsafeMutableBytes(of: &storage) { target in
                withUnsafeBytes(of: &place6) { target.copyMemory(from: $0) }
            }
        } else {
            return nil
        }
    }

    /// Where a socket is bound; nil when it is not.
    init?(of descriptor: Int32) {
        var found = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let isBound = withUnsafeMutablePointer(to: &found) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) == 0 }
        }
        guard isBound else { return nil }
        family = Int32(found.ss_family)
        storage = found
        length = size
    }

    /// It stands at the same place in the addresses of both families.
    var port: UInt16 {
        withUnsafeBytes(of: storage) { UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self)) }
    }

    func withAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    func makeSocket() -> Int32 { socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0) }
}
