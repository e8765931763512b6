import Fence
import Glibc
import Synchronization

/// What a container runtime would give one member: a process namespace (who kills PID 1 kills all), a network namespace,
/// a control group named as the kubelet names it, a volume of limited size, and clocks of its own if wanted.
///
/// Needs root. Control groups of version 1 (freezer, cpu) and 2 both serve.
public final class MemberSandbox: Sendable {
    /// Of the member's network interface.
    public let address: String
    /// Of the host, as the member sees it.
    public let hostAddress: String
    let peers: [String]
    let apiPort: UInt16
    let volume: String
    /// Nil: the machine's own clocks.
    let clock: MemberClock?
    private let family: AddressFamily
    private let groups: MemberGroups
    private let namespaceFile: String
    private let cuts = Mutex(Set<NetworkCutSide>())

    init(
        ordinal: Int, network: MemberNetwork, count: Int, apiPort: UInt16, groups: MemberGroups, volume: String,
        clock: MemberClock?
    ) {
        address = network.address(ordinal)
        hostAddress = network.hostAddress
        family = network.family
        peers = (0..<count).filter { $0 != ordinal }.map(network.address)
        namespaceFile = network.namespaceFile(ordinal)
        self.apiPort = apiPort
        self.volume = volume
        self.groups = groups
        self.clock = clock
    }

    /// The words before a command that is to run as PID 1 of a new container.
    func launcher(containerID: String) throws -> [String] {
        let files = try groups.makeContainer(containerID)
        return ["nsenter", "--net=\(namespaceFile)", "unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
            + (clock?.nextLife() ?? []) + [
                "sh", "-ec", #"for file in $0; do echo 0 >"$file"; done; exec "$@""#, files.joined(separator: " "),
            ]
    }

    // MARK: The network

    /// The IPv4 addresses of all its interfaces, in the words of `ip`; empty where there is none.
    public func ipv4Addresses() async throws -> String {
        try await HostShell.run(
            "nsenter --net=\"$NAMESPACE\" ip -4 -oneline address", environment: ["NAMESPACE": namespaceFile])
    }

    /// Drops packets as a broken cable does: nobody is told.
    ///
    /// - Parameter sides: added to those that are cut already.
    public func cut(_ sides: Set<NetworkCutSide>) async throws {
        try await filter(
            cuts.withLock {
                $0.formUnion(sides); return $0
            })
    }

    /// Mends these cuts, or all of them. Harmless when nothing is cut.
    public func mend(_ sides: Set<NetworkCutSide> = Set(NetworkCutSide.all)) async throws {
        try await filter(
            cuts.withLock {
                $0.subtract(sides); return $0
            })
    }

    private func filter(_ sides: Set<NetworkCutSide>) async throws {
        var rules = ["*filter", ":INPUT ACCEPT [0:0]", ":FORWARD ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]"]
        for side in sides.sorted(by: { "\($0)" < "\($1)" }) {
            let (chain, place, port) = side.isIncoming ? ("INPUT", "-s", "--sport") : ("OUTPUT", "-d", "--dport")
            switch side.party {
            case .peers: rules += peers.map { "-A \(chain) \(place) \($0) -j DROP" }
            case .api: rules.append("-A \(chain) \(place) \(hostAddress) -p tcp \(port) \(apiPort) -j DROP")
            case .clients: rules.append("-A \(chain) \(place) \(hostAddress) -p tcp ! \(port) \(apiPort) -j DROP")
            }
        }
        rules += ["COMMIT", ""]
        try await HostShell.run(
            "nsenter --net=\"$NAMESPACE\" $RESTORE -w 5",
            environment: [
                "NAMESPACE": namespaceFile, "RESTORE": family == .ipv4 ? "iptables-restore" : "ip6tables-restore",
            ],
            input: rules.joined(separator: "\n"))
    }

    // MARK: The control group

    /// Stops every process of the member at once, as a hung machine would.
    public func freeze() throws { try groups.setFrozen(true) }

    /// Harmless when it is not frozen.
    public func thaw() throws { try groups.setFrozen(false) }

    /// Leaves all processes of the member together so much of one processor.
    public func starve(_ share: ProcessorShare) throws { try groups.setProcessorShare(share) }

    /// In how many periods of a share it got less than it wanted, since it was made.
    public var throttledPeriods: Int { groups.throttledPeriods }

    /// Harmless when it is not starved.
    public func feed() throws { try groups.setProcessorShare(nil) }

    // MARK: The wall clock

    /// Steps it, for every process of the member at once, to so much from the machine's own time.
    ///
    /// - Throws: ``MemberError`` when the member lives by the machine's clocks.
    public func moveWallClock(by shift: Duration) throws {
        guard let clock else { throw MemberError("the members were started without clocks of their own") }
        try clock.moveWallClock(by: shift)
    }

    // MARK: The volume

    /// Large enough for a test, small enough to be filled at once.
    private static let volumeMebibytes = 512

    /// Makes the member's folder a file system of its own.
    func mountVolume() async throws {
        try await HostShell.run(
            "mount -t tmpfs -o size=\(Self.volumeMebibytes)m,mode=0777 matriarch-test \"$VOLUME\"",
            environment: ["VOLUME": volume])
    }

    /// Takes all the space that is left.
    public func fillVolume() async throws {
        try await HostShell.run(
            "dd if=/dev/zero of=\"$VOLUME/ballast\" bs=64k 2>/dev/null || :", environment: ["VOLUME": volume])
    }

    /// Gives it back. Harmless when nothing was taken.
    public func emptyVolume() {
        unlink("\(volume)/ballast")
    }
}

/// One direction of the traffic between a member and somebody.
public struct NetworkCutSide: Sendable, Hashable {
    public enum Party: Sendable, Hashable, CaseIterable {
        case api
        case peers
        case clients
    }

    public let party: Party
    public let isIncoming: Bool

    public init(_ party: Party, isIncoming: Bool) {
        self.party = party
        self.isIncoming = isIncoming
    }

    public static func both(_ parties: Party...) -> Set<NetworkCutSide> {
        Set(parties.flatMap { party in [true, false].map { NetworkCutSide(party, isIncoming: $0) } })
    }

    public static let all: [NetworkCutSide] = Party.allCases.flatMap { party in
        [true, false].map { NetworkCutSide(party, isIncoming: $0) }
    }
}
