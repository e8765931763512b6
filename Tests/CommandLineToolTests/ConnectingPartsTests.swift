import ArgumentParser
import PostgresClient
import Testing
import Units

@testable import CommandLineTool

/// What `psql` and `query` do before they connect.
@Suite struct ConnectingPartsTests {
    private func answer(_ kind: UInt8, _ code: UInt8) -> [UInt8] { [kind, 0, 0, 0, 8, 0, 0, 0, code] }

    @Test func `a server that would be told the password is a stranger`() {
        func judge(_ answer: [UInt8], withPassword: Bool = true) -> ServerGreeting {
            ServerGreeting.judge(answer, withPassword: withPassword)
        }
        for code in [7, 8, 9, 10] as [UInt8] {
            #expect(judge(answer(UInt8(ascii: "R"), code)) == .postgres)
        }
        for code in [2, 3, 5, 6, 11] as [UInt8] {
            #expect(judge(answer(UInt8(ascii: "R"), code)) == .stranger)
        }
        // Whoever comes is let in: not the server whose password this is.
        #expect(judge(answer(UInt8(ascii: "R"), 0)) == .stranger)
        #expect(judge(answer(UInt8(ascii: "R"), 0), withPassword: false) == .postgres)
        // It takes encrypted sessions alone, and nobody knows what it asks for there.
        #expect(judge(answer(UInt8(ascii: "E"), 0)) == .stranger)
        #expect(judge(Array("HTTP/1.1 400".utf8)) == .stranger)
        #expect(judge(Array("R".utf8)) == .stranger)
        #expect(judge([]) == .stranger)
    }

    private func session(password: String?) -> ServerSession {
        ServerSession(
            place: ServerPlace(host: "10.0.0.1", port: 5432),
            member: MemberListing(name: "demo-0", role: .leader, state: "running"),
            login: Login(user: "app", database: "app", password: password))
    }

    @Test func `libpq is to insist on SCRAM for a password from a Secret, and to tell no password to anybody`() {
        #expect(session(password: "x").environment(over: [:])["PGREQUIREAUTH"] == "scram-sha-256")
        #expect(session(password: nil).environment(over: [:])["PGREQUIREAUTH"] == "!password,!md5")
        let own = session(password: "x").environment(over: ["PGREQUIREAUTH": "none"])
        #expect(own["PGREQUIREAUTH"] == "none" && own["PGPASSWORD"] == "x")
    }

    @Test func `a password is in no description of the parameters`() {
        var parameters = ConnectionParameters(address: .host("a"), port: 1, user: "u", applicationName: "x")
        parameters.password = ConnectionParameters.Password("sesame")
        var dumped = ""
        dump(parameters, to: &dumped)
        for text in ["\(parameters)", String(reflecting: parameters), dumped] {
            #expect(text.contains("(hidden)") && !text.contains("sesame"), "\(text)")
        }
    }

    @Test func `the question is PostgreSQL's first message`() {
        let message = ServerGreeting.startup(user: "app")
        #expect(message.prefix(8) == [0, 0, 0, UInt8(message.count), 0, 3, 0, 0])
        #expect(message.dropFirst(8).starts(with: Array("user".utf8) + [0] + Array("app".utf8) + [0]))
        #expect(message.suffix(2) == [0, 0])
    }

    @Test func `nothing at an address is silence, within the limit`() {
        let start = ContinuousClock.now
        #expect(
            ServerGreeting.ask(ServerPlace(host: "127.0.0.1", port: 1), user: "app", withPassword: true) == .silence)
        // TEST-NET-1 answers nobody.
        let silent = ServerGreeting.ask(
            ServerPlace(host: "192.0.2.1", port: 5432), user: "app", withPassword: true, within: .milliseconds(300))
        #expect(silent == .silence)
        #expect(
            ServerGreeting.ask(ServerPlace(host: "no address", port: 5432), user: "app", withPassword: true) == .silence
        )
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test func `kubectl's line names the port`() {
        #expect(PortForward.port(in: "Forwarding from 127.0.0.1:41235 -> 5432\n") == 41235)
        #expect(PortForward.port(in: "warning\nForwarding from 127.0.0.1:7 -> 5432\nForwarding from [::1]:7") == 7)
        #expect(PortForward.port(in: "error: unable to listen") == nil)
    }

    @Test func `rows without a value are nothing in a table and null for programs`() {
        let table = ResultTable(QueryResult(columns: ["a", "b"], rows: [["1", nil], ["x\ty", "z"]]))
        #expect(table.rendered(.tsv) == "a\tb\n1\t\nx y\tz")
        #expect(table.rendered(.yaml) == "- a: '1'\n  b: null\n- a: \"x\\ty\"\n  b: z")
    }

    private func listing(_ states: [String: (MemberListing.Role, String)]) -> ClusterListing {
        var listing = ListingFixture.listing()
        listing.members = states.sorted { $0.key < $1.key }.map { name, what in
            MemberListing(name: name, host: "10.0.0.1", role: what.0, state: what.1)
        }
        return listing
    }

    private func choice(_ arguments: [String], _ listing: ClusterListing) async throws -> String {
        try await DsnCommand.asyncParse(["demo"] + arguments).server.choice(in: listing).name
    }

    @Test func `a role leads to a member that can be spoken to`() async throws {
        let cluster = listing([
            "demo-0": (.replica, "unknown"), "demo-1": (.leader, "running"), "demo-2": (.replica, "running"),
            "demo-3": (.replica, "streaming"),
        ])
        for (arguments, member) in [
            ([], "demo-1"), (["-r", "leader"], "demo-1"), (["-r", "primary"], "demo-1"), (["-r", "any"], "demo-1"),
            (["-r", "replica"], "demo-3"), (["-r", "standby"], "demo-3"), (["-m", "demo-0"], "demo-0"),
        ] {
            #expect(try await choice(arguments, cluster) == member)
        }
        let standby = listing(["demo-0": (.standbyLeader, "running"), "demo-1": (.replica, "unknown")])
        #expect(try await choice([], standby) == "demo-0")
        #expect(try await choice(["-r", "standby-leader"], standby) == "demo-0")
        for (arguments, message) in [
            (["-r", "primary"], "is a standby cluster: it has no primary"),
            (["-r", "replica"], "has no replica to connect to"),
            (["-m", "demo-7"], "Member demo-7 does not exist in cluster demo"),
        ] {
            let error = try await #require(throws: CommandError.self) { try await choice(arguments, standby) }
            #expect(error.description.contains(message))
        }
    }
}
