import Glibc
import Synchronization

/// Network namespaces, one for each member and one for the switch between them; the host is connected to it as well.
///
/// They end with the test process: each is held by a process that waits for the end of a pipe.
final class MemberNetwork: Sendable {
    let family: AddressFamily
    /// Of the host: clients and the proxies before the API server.
    let hostAddress: String
    private let subnet: String
    private let hub: ControlPlaneProcess
    private let holders: [ControlPlaneProcess]
    private let pipeEnd: Mutex<Int32>
    private static let nextNumber = Atomic(Int.random(in: 0..<250))

    /// The number of a network that nobody on this machine has now, this process or another one.
    private static func takeNumber() throws -> Int {
        for _ in 0..<250 {
            let number = nextNumber.add(1, ordering: .relaxed).oldValue % 250
            guard let place = SocketPlace(address: "198.18.\(number).1", port: 0) else { continue }
            let descriptor = place.makeSocket()
            defer { close(descriptor) }
            // Only an address of this machine can be bound.
            if place.withAddress({ bind(descriptor, $0, $1) }) != 0 { return number }
        }
        throw MemberError("198.18.0.0/16 has no free network")
    }

    /// - Parameter family: of every address in it; with IPv6 the members have none of IPv4 at all, not even for themselves.
    init(count: Int, folder: String, family: AddressFamily) async throws {
        self.family = family
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw MemberError("no pipe: \(errno)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        pipeEnd = Mutex(ends[1])
        defer { close(ends[0]) }
        func holder(_ name: String) throws -> ControlPlaneProcess {
            try ControlPlaneProcess(
                name: name, ["unshare", "--net", "--", "cat"], logPath: "\(folder)/network.log", input: ends[0])
        }
        hub = try holder("hub")
        holders = try (0..<count).map { try holder("network-\($0)") }
        let own = Self.namespace(of: getpid())
        for holder in [hub] + holders {
            try await eventually("\(holder.name) has a network of its own") {
                guard let process = holder.processIdentifier else { return false }
                let namespace = Self.namespace(of: process)
                return !namespace.isEmpty && namespace != own
            }
        }
        // Reserved for tests of networks (RFC 2544): nothing real is there.
        let number = try Self.takeNumber()
        switch family {
        case .ipv4: subnet = "198.18.\(number)."
        // Unique local addresses (RFC 4193), drawn as those are to be.
        case .ipv6: subnet = "fd12:\(String(getpid() & 0xFFFF, radix: 16)):\(String(number, radix: 16))::"
        }
        hostAddress = "\(subnet)1"
        try await HostShell.run(
            Self.script,
            environment: [
                "HUB": "\(hub.processIdentifier ?? 0)", "SUBNET": subnet,
                "LENGTH": family == .ipv4 ? "24" : "64 nodad",
                "LOOPBACK": family == .ipv4 ? ":" : "ip addr del 127.0.0.1/8 dev lo",
                "DEVICE": "matr\(number)n\(getpid() % 1000)",
                "MEMBERS": holders.map { "\($0.processIdentifier ?? 0)" }.joined(separator: " "),
            ])
    }

    deinit { finish() }

    /// Lets the namespaces go; they are gone when no process is left in them.
    func finish() {
        pipeEnd.withLock { end in
            if end >= 0 { close(end) }
            end = -1
        }
    }

    func address(_ ordinal: Int) -> String { "\(subnet)\(10 + ordinal)" }

    /// A file that names the namespace, for nsenter.
    func namespaceFile(_ ordinal: Int) -> String { "/proc/\(holders[ordinal].processIdentifier ?? 0)/ns/net" }

    private static func namespace(of process: pid_t) -> String {
        var buffer = [CChar](repeating: 0, count: 64)
        let count = readlink("/proc/\(process)/ns/net", &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static let script = """
        hub() { nsenter --net=/proc/$HUB/ns/net "$@"; }
        ip link add "$DEVICE" type veth peer name uplink netns "$HUB"
        ip addr add "${SUBNET}1"/$LENGTH dev "$DEVICE"
        ip link set "$DEVICE" up
        hub ip link add switch type bridge forward_delay 0
        hub ip link set switch up
        hub ip link set uplink master switch
        hub ip link set uplink up
        number=10
        for member in $MEMBERS; do
            hub ip link add "m$number" type veth peer name eth0 netns "$member"
            hub ip link set "m$number" master switch
            hub ip link set "m$number" up
            nsenter --net="/proc/$member/ns/net" sh -ec \\
                "ip link set lo up; $LOOPBACK; ip addr add $SUBNET$number/$LENGTH dev eth0; ip link set eth0 up"
            number=$((number + 1))
        done
        """
}
