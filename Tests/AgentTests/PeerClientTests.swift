import Fence
import HTTPTransport
import HighAvailability
import TestSupport
import Testing
import Units

@testable import Agent
@testable import AgentShell

/// What a member makes of another one's answer, and of what is none.
@Suite struct PeerClientTests {
    /// A standby that is told too little stops before its leader has let it go, and commits wait for it.
    @Test(
        arguments: [
            (200, #"{"timeline":1,"position":8,"awaited":["demo-1"]}"#, .names(["demo-1"])),
            (200, #"{"timeline":1,"position":8,"awaited":[]}"#, .names([])),
            // It runs as no primary, or is of a former version.
            (200, #"{"timeline":1,"position":8}"#, .untold),
            (200, #"{"timeline":1,"position":8,"awaited":["demo-1",7]}"#, .silent),
            (200, #"{"timeline":1,"position":8,"awaited":"demo-1"}"#, .silent),
            (200, #"{"awaited":["demo-1"]}"#, .silent), (200, "{}", .silent), (200, "not JSON", .silent),
            (503, #"{"timeline":1,"position":8}"#, .silent),
        ] as [(Int, String, PeerClient.AwaitedStandbys)])
    func `a leader whose answer nobody can read is asked again`(
        _ status: Int, _ body: String, _ expected: PeerClient.AwaitedStandbys
    ) async throws {
        let server = try ScriptedServer { connection in
            while connection.readRequest() != nil { connection.respond(status, body) }
        }
        let leader = Member(name: "demo-0", apiURL: "\(server.url)/patroni")
        let transport = HTTPTransport()
        defer { transport.shutdown() }
        let prover = PeerProver(
            transport: transport, keys: try MembershipTests.Secret("s3cret").keys(), clock: BootClock())
        // Longer than the default: what is tested is the answer, not the machine.
        let said = await PeerClient(prover, clock: BootClock()).awaitedStandbys(of: leader, within: .seconds(10))
        #expect(said == expected)
    }

    @Test func `an election waits for all who are silent at once, and not for one after the other`() async throws {
        let answering = try (0..<2).map { _ in
            try ScriptedServer { connection in
                while connection.readRequest() != nil { connection.respond(200, #"{"timeline":1,"position":8}"#) }
            }
        }
        let silent = try (0..<4).map { _ in try ScriptedServer.silent() }
        // Who is silent is asked first and last.
        let servers = silent[..<2] + answering + silent[2...]
        let members = zip(0..., servers).map { Member(name: "demo-\($0)", apiURL: "\($1.url)/patroni") }
        let transport = HTTPTransport()
        defer { transport.shutdown() }
        let prover = PeerProver(
            transport: transport, keys: try MembershipTests.Secret("s3cret").keys(), clock: BootClock())
        let start = BootClock.now()
        let reports = await PeerClient(prover, clock: BootClock()).positions(
            of: members, within: .milliseconds(1500))
        let elapsed = BootClock.now() - start
        #expect(reports.map(\.name) == ["demo-2", "demo-3"])
        // One after the other they would take 6 s.
        #expect(elapsed < .milliseconds(2500))
        #expect(silent.allSatisfy { $0.connections == 1 })
    }
}
