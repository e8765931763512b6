import Foundation
import HighAvailability
import Testing
import Units

@testable import Simulation

@Suite struct TraceReplayTests {
    private static let instant = BootInstant(nanoseconds: 9_000_000_000)

    private static func observation(_ lock: LockStanding, server: ServerState) -> Observation {
        var cluster = ClusterView(
            initialization: .done(systemIdentifier: "7"),
            lock: LockRecord(
                version: "12", leader: "demo-0", identity: HolderIdentity(member: "demo-0", podUID: "u0", nonce: "n"),
                epoch: 3, ttl: .seconds(10), position: LSN(rawValue: 1 << 40), timeline: Timeline(rawValue: 2),
                failsafe: FailsafeList([.init(name: "demo-0", apiURL: "http://10.0.0.1:8008/patroni", podUID: "u0")])),
            members: [
                "demo-0": Member(name: "demo-0", podUID: "u0", host: "10.0.0.1", role: .primary, state: .running)
            ],
            failover: FailoverRequest(
                leader: "demo-9", requestID: "r1",
                schedule: Schedule(text: "2026", instant: WallInstant(microsecondsSince1970: 1))),
            restart: RestartOrder(id: "o1", member: "demo-1", onlyPending: true, role: .replica),
            synchronous: SynchronousState(leader: "demo-0", members: ["b"]),
            history: [TimelineSwitch(timeline: Timeline(rawValue: 1), position: LSN(rawValue: 9), reason: "r")])
        cluster.configuration.parameters = ["ldap_password": "secret"]
        cluster.configuration.hostBasedAuthentication = ["host all all 0/0 ldap ldapbindpasswd=secret"]
        cluster.configuration.identityMap = ["map secret postgres"]
        return Observation(
            now: instant, me: "demo-0", cluster: cluster, lock: lock, server: server, activity: nil,
            followed: FollowedLeader(name: "demo-1", epoch: 2, host: "h", port: 5432),
            notStreamingSince: instant, avoidedSources: ["demo-2": instant + .seconds(1)], standsBackUntil: instant,
            wallClock: WallInstant(microsecondsSince1970: 2), answeredRestart: "o0", lockEnd: nil,
            outage: PrimaryOutage(since: instant, isCrash: true, failedStarts: 1, successor: "demo-1"),
            isWatchdogMissing: false)
    }

    private static let running = RunningServer(
        systemIdentifier: "7", timeline: Timeline(rawValue: 2), position: LSN(rawValue: 1 << 41), isStreaming: true)
    private static var leading: Observation {
        var leading = observation(.mine(until: instant + .milliseconds(8500)), server: .primary(running))
        leading.cluster.failover = nil
        return leading
    }

    private static func traced(_ observation: Observation) -> TracedDecision {
        TracedDecision(observation, decide(observation))
    }

    @Test func `what was recorded is read back as it was, without passwords`() throws {
        let standings: [LockStanding] = [
            .mine(until: Self.instant + .seconds(1)), .mineFromEarlierLife, .held(by: "demo-1"),
            .released(heir: "demo-0", since: Self.instant), .expired(holder: "demo-2"),
            .holderDied(holder: "demo-2", since: Self.instant, restartsAtOnce: true), .neverTaken,
        ]
        let servers: [ServerState] = [
            .noData, .unusable(reason: "why"), .damaged(by: "clone"), .starting(systemIdentifier: "7"),
            .primary(Self.running),
            .standby(Self.running),
            .stopped(
                StoppedServer(
                    systemIdentifier: "7", timeline: Timeline(rawValue: 2), wasPrimary: true, isClean: false,
                    position: LSN(rawValue: 5))),
        ]
        for standing in standings {
            for server in servers {
                let cycle = Self.traced(Self.observation(standing, server: server))
                let line = try JSONEncoder().encode(cycle)
                #expect(!String(decoding: line, as: UTF8.self).contains("secret"))
                let read = try JSONDecoder().decode(TracedDecision.self, from: line)
                #expect(read == cycle)
                var replay = TraceReplay()
                #expect(replay.take(read) == nil, "\(standing), \(server)")
            }
        }
    }

    @Test func `another decision than the recorded one is reported`() {
        var replay = TraceReplay()
        let cycle = Self.traced(Self.leading)
        #expect(replay.take(cycle) == nil)
        var changed = cycle
        changed.decision.reason = "something else"
        #expect(replay.take(changed) == .differs(recorded: changed.decision, now: cycle.decision))
        changed = cycle
        changed.observation.server = .standby(Self.running)
        #expect(
            replay.take(changed) == .differs(recorded: cycle.decision, now: decide(changed.observation)))
        #expect(replay.cycles == 3)
    }

    @Test func `a primary without a lock is reported whatever decide says`() {
        func finding(_ change: (inout TracedDecision) -> Void) -> TraceReplay.Finding? {
            var cycle = Self.traced(Self.leading)
            change(&cycle)
            var replay = TraceReplay()
            return replay.take(cycle)
        }
        let broken: [TraceReplay.Finding?] = [
            finding { $0.observation.lock = .held(by: "demo-1") },
            finding { $0.observation.lock = .mine(until: Self.instant) },
            finding { $0.observation.lockEnd = .lost },
        ]
        for finding in broken {
            guard case .broken = finding else {
                Issue.record("not reported: \(finding.map(\.description) ?? "nothing")")
                continue
            }
        }
    }
}
