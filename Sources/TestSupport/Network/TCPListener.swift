import Glibc

/// Takes TCP connections on a free port and gives each a thread of its own, which may block.
public final class TCPListener: Sendable {
    public let port: UInt16
    private let descriptor: Int32

    /// - Parameters:
    ///   - address: of this machine, numeric.
    ///   - serve: the connection is closed when it returns. It outlives this object while a connection is open.
    /// - Throws: ``TCPListenerError``.
    public init(
        address: String = "127.0.0.1", serve: @escaping @Sendable (_ connection: Int32) -> Void
    ) throws(TCPListenerError) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        guard inet_pton(AF_INET, address, &place.sin_addr) == 1 else {
            throw TCPListenerError(description: "\(address) is no IPv4 address")
        }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 128) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isListening else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw TCPListenerError(description: "cannot listen on \(address): \(reason)")
        }
        self.descriptor = descriptor
        port = UInt16(bigEndian: place.sin_port)
        BlockingThread.start {
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else {
                    if errno == EINTR || errno == ECONNABORTED { continue }
                    return
                }
                _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                BlockingThread.start {
                    serve(connection)
                    close(connection)
                }
            }
        }
    }

    deinit {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }
}

/// Why nobody listens.
public struct TCPListenerError: Error, CustomStringConvertible {
    public let description: String
}
