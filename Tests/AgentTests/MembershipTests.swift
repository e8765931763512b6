import AgentAPI
import ClusterRecords
import Fence
import Glibc
import HTTPTransport
import HighAvailability
import Logging
import Synchronization
import TestSupport
import Testing
import Units

@testable import Agent
@testable import AgentShell

/// Who may ask what measures or changes: over real sockets, with the file the kubelet would mount.
@Suite struct MembershipTests {
    private static let scope = Scope(namespace: "default", cluster: "demo")

    /// A password in a file, as one Pod has it at this moment.
    struct Secret {
        let path: String

        init(_ password: String) throws {
            var template = Array("/tmp/matriarch-secret-XXXXXX".utf8CString)
            let descriptor = mkstemp(&template)
            try #require(descriptor >= 0)
            close(descriptor)
            path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            try change(to: password)
        }

        func change(to password: String) throws {
            let file = try #require(fopen(path, "w"))
            fputs(password + "\n", file)
            fclose(file)
        }

        func keys(in scope: Scope = MembershipTests.scope) -> MembershipKeys {
            MembershipKeys(passwordFile: path, scope: scope, logger: Logger(label: "test"))
        }
    }

    private static func client(_ secret: Secret, in scope: Scope = MembershipTests.scope) -> (PeerClient, HTTPTransport)
    {
        let transport = HTTPTransport()
        let prover = PeerProver(transport: transport, keys: secret.keys(in: scope), clock: BootClock())
        return (PeerClient(prover, clock: BootClock()), transport)
    }

    /// Runs `body` with the base URL of a member that guards its paths.
    private func withMember(
        _ secret: Secret, older: @escaping @Sendable (String) -> Bool = { _ in false },
        _ body: @Sendable @escaping (Member) async throws -> Void
    ) async throws {
        let peerGuard = PeerGuard(secret.keys(), clock: BootClock(), cannotProve: older)
        let report = PositionReport(
            name: "demo-0", isPrimary: false, timeline: Timeline(rawValue: 1), position: LSN(rawValue: 8))
        let answer = PositionAnswer(report: report, isRunning: true)
        let routes = AgentRoutes(
            snapshot: { AgentAPIFixture.member(.replica) }, position: { answer }, seal: { _ in answer },
            metrics: { "" }, failsafe: { .text("asked: \($0)") }, refusal: { peerGuard.refusal(of: $0) },
            clock: ManualClock(AgentAPIFixture.now))
        try await AgentAPIFixture.withServer({ AgentAPIFixture.server(routes, onListening: $0) }) { port in
            try await body(Member(name: "demo-0", apiURL: "http://127.0.0.1:\(port)/patroni"))
        }
    }

    private func ask(_ member: Member, _ method: HTTPRequest.Method, _ target: String) async throws -> HTTPResponse {
        let transport = HTTPTransport()
        defer { transport.shutdown() }
        let base = try #require(member.apiURL?.dropLast("/patroni".count))
        return try await transport.send(
            HTTPRequest(method: method, url: base + target, body: method == .post ? [] : nil), deadline: .seconds(5))
    }

    @Test func `a stranger is told in words that only members may ask, and measures and changes nothing`() async throws
    {
        try await withMember(try Secret("s3cret")) { member in
            for (method, target) in [
                (.get, "/matriarch/position"), (.post, "/matriarch/seal?epoch=2&lock=1"), (.post, "/failsafe"),
            ] as [(HTTPRequest.Method, String)] {
                let answer = try await ask(member, method, target)
                #expect(answer.status == 403, "\(target)")
                #expect(
                    String(decoding: answer.body, as: UTF8.self)
                        == "only members of the cluster may ask this, and they prove it\n")
            }
            for open in ["/patroni", "/liveness", "/metrics", "/replica"] {
                #expect(try await ask(member, .get, open).status == 200, "\(open)")
            }
        }
    }

    @Test func `a member is answered, whatever it asks`() async throws {
        let secret = try Secret("s3cret")
        try await withMember(secret) { member in
            let (client, transport) = Self.client(secret)
            defer { transport.shutdown() }
            #expect(await client.position(of: member, within: .seconds(5))?.position == LSN(rawValue: 8))
            #expect(await client.positions(of: [member], within: .seconds(5)).count == 1)
            let sealed = await client.seals(Seal(epoch: 2, lockVersion: "1"), of: [member], within: .seconds(5))
            #expect(sealed.map(\.name) == ["demo-0"])
        }
    }

    @Test func `another password, and the same one in another cluster, prove nothing`() async throws {
        try await withMember(try Secret("s3cret")) { member in
            for (secret, scope) in [
                (try Secret("other"), Self.scope), (try Secret("s3cret"), Scope(namespace: "else", cluster: "demo")),
            ] {
                let (client, transport) = Self.client(secret, in: scope)
                defer { transport.shutdown() }
                #expect(await client.position(of: member, within: .seconds(5)) == nil)
            }
        }
    }

    @Test func `a changed password reaches the members one after another, and they answer each other all the time`()
        async throws
    {
        let (here, there) = (try Secret("old"), try Secret("old"))
        try await withMember(here) { member in
            let (client, transport) = Self.client(there)
            defer { transport.shutdown() }
            func isAnswered() async -> Bool { await client.position(of: member, within: .seconds(5)) != nil }
            #expect(await isAnswered())
            try there.change(to: "new")
            #expect(await isAnswered())
            try here.change(to: "new")
            #expect(await isAnswered())
            try here.change(to: "newer")
            #expect(await isAnswered())
        }
    }

    @Test func `while the store shows a member of a former version, its address needs no proof`() async throws {
        let isThere = Mutex(true)
        try await withMember(
            try Secret("s3cret"), older: { address in address == "127.0.0.1" && isThere.withLock { $0 } }
        ) { member in
            let before = try await ask(member, .get, "/matriarch/position")
            isThere.withLock { $0 = false }
            let after = try await ask(member, .get, "/matriarch/position")
            #expect((before.status, after.status) == (200, 403))
        }
    }

    @Test func `a member of a former version is asked without a proof, and its answer counts`() async throws {
        let server = try ScriptedServer { connection in
            while connection.readRequest() != nil { connection.respond(200, #"{"timeline":1,"position":8}"#) }
        }
        let (client, transport) = Self.client(try Secret("s3cret"))
        defer { transport.shutdown() }
        let member = Member(name: "demo-0", apiURL: "\(server.url)/patroni")
        #expect(await client.position(of: member, within: .seconds(10))?.position == LSN(rawValue: 8))
    }

    // MARK: What was overheard

    private func request(_ proof: MembershipProof?, target: String = "/matriarch/position", body: String = "")
        -> StatusRequest
    {
        StatusRequest(path: target, body: body, target: target, proof: proof?.description)
    }

    @Test func `a question that was overheard proves nothing a second time, nor another question`() throws {
        let keys = try Secret("s3cret").keys()
        let peerGuard = PeerGuard(keys, clock: BootClock(), cannotProve: { _ in false })
        let key = try #require(keys.all().first)
        func proof(challenge: String? = nil, nonce: String) -> MembershipProof {
            MembershipProof(
                of: "GET", "/matriarch/position", body: "", challenge: challenge ?? peerGuard.challenge, nonce: nonce,
                key: key)
        }
        let genuine = proof(nonce: "1")
        #expect(peerGuard.refusal(of: request(genuine, target: "/matriarch/seal?epoch=9")) != nil)
        #expect(peerGuard.refusal(of: request(genuine, body: "{}")) != nil)
        #expect(peerGuard.refusal(of: request(genuine)) == nil)
        let again = peerGuard.refusal(of: request(genuine))
        #expect(again?.status == 403)
        #expect(again?.headers[PeerHeader.challenge] == peerGuard.challenge)
        #expect(peerGuard.refusal(of: request(proof(nonce: "2"))) == nil)
        #expect(peerGuard.refusal(of: request(proof(challenge: "another", nonce: "3"))) != nil)
        var forged = proof(nonce: "4")
        forged.digest = String(forged.digest.reversed())
        #expect(peerGuard.refusal(of: request(forged)) != nil)
        for text in ["", "x", "a.b.c", "a.b", "..", String(repeating: "z", count: 5000)] {
            var odd = request(nil)
            odd.proof = text
            #expect(peerGuard.refusal(of: odd)?.status == 403, "\(text.prefix(20))")
        }
    }

    @Test func `a challenge is good for a minute or two`() throws {
        let clock = ManualClock()
        let keys = try Secret("s3cret").keys()
        let peerGuard = PeerGuard(keys, clock: clock, cannotProve: { _ in false })
        let key = try #require(keys.all().first)
        let first = peerGuard.challenge
        func isGood(_ nonce: String) -> Bool {
            let proof = MembershipProof(
                of: "GET", "/matriarch/position", body: "", challenge: first, nonce: nonce, key: key)
            return peerGuard.refusal(of: request(proof)) == nil
        }
        #expect(isGood("a"))
        clock.advance(by: .seconds(70))
        #expect(isGood("b"))
        #expect(!isGood("a"), "it was asked before")
        #expect(peerGuard.challenge != first)
        clock.advance(by: .seconds(70))
        #expect(!isGood("c"))
        // Nobody asks for hours.
        clock.advance(by: .seconds(7200))
        #expect(!isGood("d"))
    }
}
