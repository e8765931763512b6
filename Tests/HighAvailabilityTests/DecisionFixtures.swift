import HighAvailability
import Units

/// A three-member cluster, seen by `demo-0`, in which a test changes what it is about.
enum Fixture {
    static let now = BootInstant(nanoseconds: 1_000_000_000_000)
    static let identifier = "7300000000000000001"
    static let mine = LockStanding.mine(until: now + .seconds(15))

    static func member(_ name: String, role: MemberRole? = .replica, state: MemberState? = .running) -> Member {
        Member(name: name, podUID: "uid-\(name)", host: "10.0.0.\(name.last ?? "9")", role: role, state: state)
    }

    static func cluster(leader: String? = nil, epoch: Int64 = 3, timeline: UInt32? = 2) -> ClusterView {
        var members: [String: Member] = [:]
        for name in ["demo-0", "demo-1", "demo-2"] {
            members[name] = member(name, role: name == leader ? .primary : .replica)
        }
        return ClusterView(
            initialization: .done(systemIdentifier: identifier),
            lock: LockRecord(
                version: "100", leader: leader, epoch: epoch, timeline: timeline.map { Timeline(rawValue: $0) }),
            members: members)
    }

    static func observation(
        lock: LockStanding, server: ServerState, leader: String? = nil,
        change: (inout Observation) -> Void = { _ in }
    ) -> Observation {
        var observation = Observation(
            now: now, me: "demo-0", cluster: cluster(leader: leader), lock: lock, server: server)
        change(&observation)
        return observation
    }

    static func running(timeline: UInt32 = 2, position: UInt64 = 1000) -> RunningServer {
        RunningServer(
            systemIdentifier: identifier, timeline: Timeline(rawValue: timeline), position: LSN(rawValue: position),
            isStreaming: true)
    }

    static func stopped(wasPrimary: Bool, isClean: Bool = true, timeline: UInt32 = 2) -> ServerState {
        .stopped(
            StoppedServer(
                systemIdentifier: identifier, timeline: Timeline(rawValue: timeline), wasPrimary: wasPrimary,
                isClean: isClean, position: LSN(rawValue: 900)))
    }

    /// One of each kind, the running and stopped ones on the recorded timeline.
    static let servers: [ServerState] = [
        .noData, .unusable(reason: "system ID is invalid"), .damaged(by: "pg_rewind"), stopped(wasPrimary: true),
        stopped(wasPrimary: true, isClean: false), stopped(wasPrimary: false), .starting(systemIdentifier: identifier),
        .primary(running()), .standby(running()), .unresponsive(systemIdentifier: identifier),
    ]

    static let locks: [LockStanding] = [
        mine, .mineFromEarlierLife, .held(by: "demo-1"), .released(heir: nil, since: now),
        .released(heir: "demo-0", since: now), .released(heir: "demo-1", since: now), .expired(holder: "demo-1"),
        .holderDied(holder: "demo-1", since: now, restartsAtOnce: true),
        .holderDied(holder: "demo-1", since: now, restartsAtOnce: false), .neverTaken,
    ]
}
