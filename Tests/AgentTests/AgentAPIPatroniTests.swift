import AgentShell
import FoundationEssentials
import Glibc
import HighAvailability
import KubernetesModels
import TestSupport
import Testing
import Units

@testable import AgentAPI

private typealias Fixture = AgentAPIFixture

/// Every state of a member against Patroni's own handler, which `scripts/patroni-answers` runs on the same state.
///
/// Codes and bodies are the same, but for what ``Difference`` names. The reference page has the same list. What the leader
/// told in the stream is here what has come: where the two differ, Patroni's lags are larger, as that page says.
@Suite(.timeLimit(.minutes(5))) struct AgentAPIPatroniTests {
    static let paths = [
        "/", "/primary", "/read-write", "/master", "/leader", "/standby-leader", "/standby_leader", "/replica",
        "/read-only", "/sync", "/synchronous", "/async", "/asynchronous", "/quorum", "/read-only-sync",
        "/read-only-synchronous", "/read-only-quorum", "/health", "/liveness", "/readiness", "/patroni", "/nonsense",
        "/primary/x", "/my-leader", "/sync/", "/healthz", "/patroni/x",
    ]
    static let queries = [
        "/replica?lag=1MB", "/replica?lag=1048575", "/replica?lag=1023kB", "/replica?lag=plenty", "/replica?lag=",
        "/replica?lag=-1", "/replica?lag=1.5MB", "/read-only?lag=0", "/async?lag=10kB", "/sync?lag=10kB",
        "/readiness?lag=1kB", "/readiness?lag=1kB&mode=write", "/readiness?mode=apply", "/primary?lag=0&tag_zone=x",
        "/replica?tag_zone=east", "/replica?tag_zone=west", "/replica?tag_zone=west&tag_zone=east",
        "/replica?tag_zone=", "/replica?tag_absent=x", "/replica?tag_clonefrom=true", "/replica?tag_clonefrom=True",
        "/replica?tag_failover_priority=2", "/health?tag_zone=west", "/leader?tag_zone=west", "/patroni?tag_zone=west",
        "/replica?tag_note=a+b%20c", "/replica?lag=1e3", "/replica?lag=0x10", "/replica?lag=010",
    ]

    /// What is another answer on purpose.
    enum Difference: CaseIterable {
        /// HEAD and OPTIONS have the status of GET. Patroni takes them for a health check of that name.
        case statusOfEveryPath
        /// Paused, without the store and without a server that answers, nobody is a primary. Patroni goes by the role it knew.
        case silentPrimary
        /// While the store is away a lag counts from what the leader published last. Patroni then knows no lag but that of a
        /// stream.
        case lagWithoutStore
        /// A size has decimal digits and no exponent. Patroni reads it as C does.
        case formOfNumber

        func covers(
            _ member: MemberSnapshot, _ method: StatusRequest.Method, _ path: String, _ query: [String: String]
        ) -> Bool {
            switch self {
            case .statusOfEveryPath:
                method == .statusOnly && ["/liveness", "/readiness", "/patroni", "/patroni/x"].contains(path)
            case .silentPrimary:
                member.isPaused && !member.isAnswering && member.storeSeen == nil
                    && (member.role == .primary || member.role == .standbyLeader)
            case .lagWithoutStore:
                member.storeSeen == nil && member.replicationState != "streaming" && query["lag"] != nil
            case .formOfNumber:
                ["1e3", "0x10", "010"].contains(query["lag"])
            }
        }
    }

    @Test func `each member answers as Patroni would, in code and in body`() async throws {
        let members = Self.members
        let requests =
            (Self.paths + Self.queries).map { ("GET", $0) } + Self.paths.map { ("HEAD", $0) }
            + ["/", "/replica", "/liveness", "/cluster"].map { ("OPTIONS", $0) }
        let answers = try await Self.patroni(members, requests)
        try #require(answers.count == members.count && members.count > 700)
        var differing: Set<String> = []
        var seen: Set<Difference> = []
        var bodies = 0
        for (member, expected) in zip(members, answers) {
            let routes = Fixture.routes(member)
            for ((method, target), answer) in zip(requests, expected["answers"]?.arrayValue ?? []) {
                let request = Self.request(method, target)
                let own = await routes.respond(to: request)
                let status = try #require(answer[0]?.intValue)
                let difference = Difference.allCases.first {
                    $0.covers(member, request.method, request.path, request.query)
                }
                if own.status != status {
                    if let difference {
                        seen.insert(difference)
                    } else {
                        differing.insert("\(method) \(target) is \(own.status), Patroni's \(status): \(member)")
                    }
                }
                guard method == "GET", let index = answer[1]?.intValue,
                    let body = expected["bodies"]?[index]?.stringValue
                else { continue }
                bodies += 1
                if own.body != body { differing.insert("\(target) says \(own.body), Patroni \(body)") }
            }
        }
        #expect(differing.isEmpty, "\(differing.count): \(differing.sorted().prefix(5).joined(separator: "\n"))")
        // None of those that are excused is gone.
        #expect(seen == Set(Difference.allCases))
        #expect(bodies == members.count * (Self.paths.count + Self.queries.count))
    }

    // MARK: States

    /// Every combination of what an answer may depend on and that can be.
    private static let members: [MemberSnapshot] = {
        var members: [MemberSnapshot] = []
        let flags = [false, true]
        for role in [MemberRole.primary, .standbyLeader, .replica] {
            for (state, answers) in [
                (MemberState.running, true), (.running, false), (.starting, false), (.stopped, false),
            ] {
                for leads in flags {
                    for paused in flags {
                        for fresh in flags {
                            for reception in role == .primary ? [Reception.none] : Reception.allCases {
                                for record in role == .replica ? Record.allCases : [.none] {
                                    for tagged in flags {
                                        members.append(
                                            Fixture.member(role, state) { member in
                                                member.isAnswering = answers
                                                member.lockExpiry = leads ? Fixture.now + .seconds(10) : nil
                                                member.isPaused = paused
                                                if !fresh { member.storeSeen = nil }
                                                // One flag more or less, in turn.
                                                member.isFailsafeActive = members.count % 3 == 0
                                                reception.show(in: &member)
                                                member.isSynchronousStandby = record == .synchronous
                                                member.isQuorumStandby = record == .quorum
                                                if tagged {
                                                    member.tags = [
                                                        "clonefrom": .bool(true), "failover_priority": .int(2),
                                                        "noloadbalance": .bool(members.count % 2 == 0),
                                                        "note": .string("a b c"), "zone": .string("east"),
                                                    ]
                                                }
                                                if members.count % 5 == 0 {
                                                    member.nextLoop = Fixture.now - .seconds(30)
                                                }
                                                if members.count % 7 == 0 {
                                                    member.nextLoop = Fixture.now - .seconds(50)
                                                }
                                            })
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        return members
    }()

    private enum Record: CaseIterable {
        case none
        case synchronous
        case quorum
    }

    /// What a standby gets from where.
    private enum Reception: CaseIterable {
        case none
        case stream
        case streamAheadOfStore
        case streamAndReplayBehind
        case archive

        func show(in member: inout MemberSnapshot) {
            guard member.role != .primary else { return }
            switch self {
            case .none: member.replicationState = nil
            case .stream: break
            case .streamAheadOfStore: member.received = LSN(rawValue: Fixture.leaderPosition.rawValue + 0x20_0000)
            case .streamAndReplayBehind:
                member.replayed = LSN(rawValue: Fixture.leaderPosition.rawValue - 0x10_0000)
            case .archive:
                member.replicationState = "in archive recovery"
                member.replayed = LSN(rawValue: Fixture.leaderPosition.rawValue - 0x10_0001)
            }
            if member.state != .running { member.replicationState = nil }
        }
    }

    // MARK: Patroni

    private static func request(_ method: String, _ target: String) -> StatusRequest {
        let parts = target.split(separator: "?", maxSplits: 1)
        return StatusRequest(
            method: method == "GET" ? .get : .statusOnly, path: String(parts[0]),
            query: QueryString.values(of: parts.count > 1 ? String(parts[1]) : ""))
    }

    /// Status and body of each request, by member.
    private static func patroni(_ members: [MemberSnapshot], _ requests: [(String, String)]) async throws
        -> [JSONValue]
    {
        var folder = Array("/tmp/matriarch-patroni-XXXXXX".utf8CString)
        try #require(mkdtemp(&folder) != nil)
        let path = String(decoding: folder.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // What stays behind is no failure.
        defer { try? FileManager.default.removeItem(atPath: path) }
        let asked: JSONValue = .array(requests.map { [.string($0.0), .string($0.1)] })
        let lines = members.map { JSONValue.object(["member": json($0), "requests": asked]).serialized() }
        try Data(lines.joined(separator: "\n").utf8).write(to: URL(filePath: "\(path)/questions"))
        let control = try ForeignTool.patronictl.path()
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        _ = try await BuiltProgram.shell(
            """
            python=$(dirname "$(readlink -f '\(control)')")/python3
            "$python" '\(root)/scripts/patroni-answers' <'\(path)/questions' >'\(path)/answers'
            """)
        let text = String(decoding: try Data(contentsOf: URL(filePath: "\(path)/answers")), as: UTF8.self)
        return try text.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
    }

    private static func json(_ member: MemberSnapshot) -> JSONValue {
        func position(_ value: LSN?) -> JSONValue { value.map { .int(Int64($0.rawValue)) } ?? .null }
        func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
        return [
            "name": .string(member.name), "scope": .string(member.scope), "version": .string(member.version),
            "role": .string(member.role.rawValue), "state": .string(member.state.rawValue),
            "answering": .bool(member.isAnswering), "leads": .bool(member.lockExpiry != nil),
            "unlocked": .bool(member.isClusterUnlocked), "fresh": .bool(member.storeSeen != nil),
            "standby_cluster": .bool(member.role == .standbyLeader), "paused": .bool(member.isPaused),
            "failsafe": .bool(member.isFailsafeActive), "sync": .bool(member.isSynchronousStandby),
            "quorum": .bool(member.isQuorumStandby), "leader_position": position(member.leaderPosition),
            "location": position(member.location), "received": position(member.received),
            "replayed": position(member.replayed), "replay_paused": .bool(member.isReplayPaused),
            "replayed_timestamp": text(member.replayedTimestamp), "replication_state": text(member.replicationState),
            "replication": [], "timeline": .int(Int64(member.timeline?.rawValue ?? 0)),
            "postmaster_start_time": text(member.postmasterStartTime),
            "system_identifier": text(member.systemIdentifier),
            "server_version": .int(Int64(member.serverVersion ?? 0)), "pending_restart_reason": [:],
            "tags": .object(
                member.tags.mapValues { value in
                    switch value {
                    case .bool(let flag): .bool(flag)
                    case .int(let number): .int(number)
                    case .string(let text): .string(text)
                    }
                }),
            "store_seen": .int(member.storeSeenEpochSeconds), "ttl": 20, "maximum_lag": 1_048_576,
            "next_loop": .int((member.nextLoop - Fixture.now).milliseconds / 1000),
        ]
    }
}
