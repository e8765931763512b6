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
        guard let place = SocketPlace(address: address, port: 0) else {
            throw TCPListenerError(description: "\(address) is no address")
        }
        let descriptor = place.makeSocket()
        guard place.withAddress({ bind(descriptor, $0, $1) }) == 0, listen(descriptor, 128) == 0,
            let bound = SocketPlace(of: descriptor)
        else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw TCPListenerError(description: "cannot listen on \(address): \(reason)")
        }
        self.descriptor = descriptor
        port = bound.port
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
