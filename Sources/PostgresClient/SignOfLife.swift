import Glibc

/// The cheapest question a server answers: whether it offers encryption.
///
/// A new process of the server answers it, by one byte, before it looks into any catalog: so it tells a server whose
/// postmaster does not run any more from one where somebody holds a lock that every login needs.
public enum SignOfLife {
    /// Whether a new process of the server says anything at all.
    ///
    /// - Parameters:
    ///   - socketDirectory: where the server's unix socket is.
    ///   - deadline: for all of it.
    /// - Returns: false when nobody listens, or nobody has said anything by the deadline.
    public static func isSeen(socketDirectory: String, port: Int, deadline: Duration) async -> Bool {
        await Asking().ask(path: "\(socketDirectory)/.s.PGSQL.\(port)", deadline: Deadline(after: deadline))
    }

    /// `SSLRequest` of PostgreSQL's protocol: its length, and a code that is no protocol's version.
    private static let question: [UInt8] = [0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x2F]

    private actor Asking {
        private let executor = ThreadExecutor(name: "sign of life")

        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

        func ask(path: String, deadline: Deadline) -> Bool {
            let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
            let descriptor = socket(AF_UNIX, Int32(kind), 0)
            guard descriptor >= 0 else { return false }
            defer { close(descriptor) }
            guard connect(descriptor, to: path, deadline: deadline), wait(descriptor, POLLOUT, deadline),
                send(descriptor, question, question.count, Int32(MSG_NOSIGNAL)) == question.count,
                wait(descriptor, POLLIN, deadline)
            else { return false }
            var answer: UInt8 = 0
            return recv(descriptor, &answer, 1, 0) == 1
        }

        private func connect(_ descriptor: Int32, to path: String, deadline: Deadline) -> Bool {
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let isComplete = withUnsafeMutableBytes(of: &address.sun_path) { bytes in
                guard path.utf8.count < bytes.count else { return false }
                bytes.copyBytes(from: path.utf8)
                return true
            }
            guard isComplete else { return false }
            while true {
                let outcome = withUnsafePointer(to: address) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                    }
                }
                if outcome == 0 { return true }
                // A unix socket whose queue is full says so at once and cannot be waited for.
                guard errno == EAGAIN || errno == EINTR, !deadline.hasPassed else { return false }
                usleep(5_000)
            }
        }

        private func wait(_ descriptor: Int32, _ events: Int32, _ deadline: Deadline) -> Bool {
            while true {
                var watched = pollfd(fd: descriptor, events: Int16(events), revents: 0)
                let ready = poll(&watched, 1, deadline.milliseconds)
                if ready > 0 { return true }
                if (ready < 0 && errno != EINTR) || deadline.hasPassed { return false }
            }
        }
    }
}
