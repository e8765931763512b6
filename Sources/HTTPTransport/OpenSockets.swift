import CLinux
import Glibc

/// The sockets of one transport's connections, told by curl when it opens and closes them. Transfer thread only.
///
/// curl does not say which socket a transfer on a shared connection uses; the local port does.
final class OpenSockets {
    private let userTimeoutMilliseconds: UInt32
    private var descriptors: Set<Int32> = []

    init(userTimeout: Duration) {
        userTimeoutMilliseconds = UInt32(clamping: userTimeout.wholeMilliseconds)
    }

    func opened(_ descriptor: Int32) {
        descriptors.insert(descriptor)
        var milliseconds = userTimeoutMilliseconds
        let size = socklen_t(MemoryLayout.size(ofValue: milliseconds))
        // Refused on a socket that is not TCP; that is no reason to give up the connection.
        _ = setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &milliseconds, size)
    }

    func close(_ descriptor: Int32) {
        descriptors.remove(descriptor)
        _ = Glibc.close(descriptor)
    }

    /// How many bytes curl has taken in from all of them so far; only a change says something.
    var bytesTakenIn: Int64 { descriptors.reduce(0) { $0 &+ clinux_bytes_taken_from($1) } }

    /// Ends the connection with this local port: everything on it fails at once, and curl no longer uses it.
    func shutDown(localPort: UInt16) {
        for descriptor in descriptors where Self.localPort(of: descriptor) == localPort {
            _ = Glibc.shutdown(descriptor, Int32(SHUT_RDWR))
        }
    }

    private static func localPort(of descriptor: Int32) -> UInt16? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { storage -> UInt16? in
            let isKnown = storage.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &length) == 0
            }
            guard isKnown else { return nil }
            switch Int32(storage.pointee.ss_family) {
            case AF_INET:
                return storage.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    UInt16(bigEndian: $0.pointee.sin_port)
                }
            case AF_INET6:
                return storage.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                    UInt16(bigEndian: $0.pointee.sin6_port)
                }
            case _: return nil
            }
        }
    }
}
