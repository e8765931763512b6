import Glibc
import Synchronization

/// Turns a host name into numeric addresses within a deadline.
///
/// `getaddrinfo` cannot be interrupted: it runs on a thread of its own, which is left behind when the deadline passes and
/// ends with the resolver's own timeout.
enum HostResolver {
    /// - Returns: the addresses in the resolver's order; none when the name is unknown or the deadline passed.
    static func resolve(_ host: String, deadline: Deadline) -> [String] {
        if isNumeric(host) { return [host] }
        let answer = Answer()
        OwnedThread.start(name: "resolver") { answer.publish(lookup(host)) }
        return answer.wait(until: deadline)
    }

    private static func isNumeric(_ host: String) -> Bool {
        var buffer = in6_addr()
        return inet_pton(AF_INET, host, &buffer) == 1 || inet_pton(AF_INET6, host, &buffer) == 1
    }

    private static func lookup(_ host: String) -> [String] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &found) == 0, let first = found else { return [] }
        defer { freeaddrinfo(first) }
        return sequence(first: first, next: { $0.pointee.ai_next }).compactMap { numeric($0.pointee) }
    }

    private static func numeric(_ entry: addrinfo) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(NI_MAXHOST)) { buffer in
            guard let start = buffer.baseAddress,
                getnameinfo(
                    entry.ai_addr, entry.ai_addrlen, start, socklen_t(buffer.count), nil, 0, NI_NUMERICHOST) == 0
            else { return nil }
            return String(cString: start)
        }
    }

    /// One value handed over under a lock, so that waiting for it has a deadline.
    private final class Answer: Sendable {
        private let value = Mutex<[String]>([])
        private let wake = WakeDescriptor()

        func publish(_ addresses: [String]) {
            value.withLock { $0 = addresses }
            wake.signal()
        }

        func wait(until deadline: Deadline) -> [String] {
            var descriptor = pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0)
            while poll(&descriptor, 1, deadline.milliseconds) < 0 && errno == EINTR {}
            return value.withLock { $0 }
        }
    }
}
