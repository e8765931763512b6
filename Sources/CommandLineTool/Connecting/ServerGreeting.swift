import Glibc
import Units

/// What stands at an address, found out before a password is handed to whatever is there.
///
/// An address of a cluster's network may belong to somebody else where this program runs. libpq would give a server that asks
/// for the password in plain text just that. Ours ask by SCRAM, which tells a stranger nothing.
enum ServerGreeting: Hashable {
    /// A PostgreSQL server that asks for a proof which tells a stranger nothing.
    case postgres
    /// Something that would be told the password, or no PostgreSQL server.
    case stranger
    /// Nothing that answers in time.
    case silence

    /// Asks as a client does that begins a session, and goes. Blocks for at most `limit`.
    ///
    /// - Parameters:
    ///   - place: a numeric address.
    ///   - withPassword: there is a password to be proven.
    static func ask(
        _ place: ServerPlace, user: String, withPassword: Bool, within limit: Duration = .seconds(1)
    ) -> ServerGreeting {
        let socket = RawConnection(place, deadline: .now + limit)
        guard let socket else { return .silence }
        guard socket.write(startup(user: user)), let answer = socket.read() else { return .silence }
        return judge(answer, withPassword: withPassword)
    }

    /// Protocol 3.0: a length, the version, and settings that end with an empty name.
    static func startup(user: String) -> [UInt8] {
        let settings = ["user", user, "database", "postgres", "application_name", "matriarch"]
        var body: [UInt8] = []
        for setting in settings { body += Array(setting.utf8) + [0] }
        body.append(0)
        return bigEndian(UInt32(body.count + 8)) + bigEndian(3 << 16) + body
    }

    /// The first message of the server: how the client is to prove who it is, or an error.
    ///
    /// A server that answers with an error may ask for the password itself once the session is encrypted. One that lets in
    /// whoever comes, although there is a password, is not the one whose password it is.
    static func judge(_ answer: [UInt8], withPassword: Bool) -> ServerGreeting {
        switch answer.first {
        case UInt8(ascii: "R") where answer.count >= 9:
            let kind = answer[5..<9].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            // 0 nothing, 7 to 9 GSSAPI and SSPI, 10 SASL; 3 is the password itself, 5 its MD5.
            let harmless: [UInt32] = withPassword ? [7, 8, 9, 10] : [0, 7, 8, 9, 10]
            return harmless.contains(kind) ? .postgres : .stranger
        case _: return .stranger
        }
    }

    private static func bigEndian(_ number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}

/// A TCP connection with a deadline for everything.
private final class RawConnection {
    private let descriptor: Int32
    private let deadline: ContinuousClock.Instant

    /// nil when nothing takes the connection in time.
    init?(_ place: ServerPlace, deadline: ContinuousClock.Instant) {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(place.host, String(place.port), &hints, &found) == 0, let address = found else { return nil }
        defer { freeaddrinfo(found) }
        self.deadline = deadline
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        descriptor = socket(address.pointee.ai_family, type, 0)
        guard descriptor >= 0 else { return nil }
        let outcome = connect(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen)
        guard outcome == 0 || errno == EINPROGRESS, waits(for: POLLOUT) else { return nil }
        var problem: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &problem, &size) == 0, problem == 0 else { return nil }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Few bytes, which fit into what a socket holds.
    func write(_ bytes: [UInt8]) -> Bool {
        send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    /// What comes first; nil at the end, and when nothing comes in time.
    func read() -> [UInt8]? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1024)
        while bytes.count < 9 {
            guard waits(for: POLLIN) else { return nil }
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { return bytes.isEmpty ? nil : bytes }
            bytes += chunk[..<count]
        }
        return bytes
    }

    private func waits(for events: Int32) -> Bool {
        let left = (deadline - .now).components
        let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000
        var interest = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        return milliseconds > 0 && poll(&interest, 1, Int32(clamping: milliseconds)) > 0
    }
}
