import ClusterRecords
import HighAvailability
import KubernetesModels
import Testing
import Units

@Suite struct FailsafeMessageTests {
    private static let scope = Scope(namespace: "databases", cluster: "demo")
    private static let leader = HolderIdentity(member: "demo-0", podUID: "uid-0", nonce: "n1")

    private static func message(_ request: FailsafeRequest, in scope: Scope? = scope) -> FailsafeMessage {
        FailsafeMessage(
            request, in: scope, connectionURL: "postgres://10.0.0.7:5432/postgres",
            apiURL: "http://10.0.0.7:8008/patroni")
    }

    private static let claim = FailsafeRequest.Claim(
        identity: leader, epoch: 8, ttl: .milliseconds(17_500), member: "demo-1", podUID: "uid-1")

    @Test(arguments: [
        message(FailsafeRequest(leader: "demo-0", claim: claim)), message(FailsafeRequest(leader: "demo-0"), in: nil),
    ])
    func `what a leader asks is what the member reads`(message: FailsafeMessage) throws {
        let json = try JSONValue(parsing: message.json.serialized())
        #expect(FailsafeMessage(json: json) == message)
    }

    @Test func `Patroni's keys are there for Patroni`() {
        let json = Self.message(FailsafeRequest(leader: "demo-0", claim: Self.claim)).json
        #expect(json["name"] == "demo-0" && json["api_url"] == "http://10.0.0.7:8008/patroni")
        #expect(json["conn_url"] == "postgres://10.0.0.7:5432/postgres" && json["slots"] == [:])
        #expect(json["matriarch"]?["ttl_ms"] == 17_500)
    }

    @Test(arguments: ["cluster", "namespace", "uid", "nonce", "epoch", "ttl_ms", "member", "member_uid"])
    func `half a claim is no request`(key: String) {
        var json = Self.message(FailsafeRequest(leader: "demo-0", claim: Self.claim)).json
        json["matriarch"]?[key] = nil
        #expect(FailsafeMessage(json: json) == nil)
    }

    @Test(arguments: [#"{}"#, #"{"name": ""}"#, #"{"name": 1}"#, #"{"name": "a", "matriarch": null}"#, "[]", "null"])
    func `what names no leader is no request`(text: String) throws {
        #expect(FailsafeMessage(json: try JSONValue(parsing: text)) == nil)
    }

    @Test func `an epoch no lock can have is no claim`() {
        var json = Self.message(FailsafeRequest(leader: "demo-0", claim: Self.claim)).json
        json["matriarch"]?["epoch"] = -1
        #expect(FailsafeMessage(json: json) == nil)
    }

    private static let seen = Reign("lock-uid/9/demo-2/uid-2/n2")

    @Test(arguments: [
        FailsafeReply(.accepted(member: "demo-1", podUID: "uid-1", position: LSN(rawValue: 512))),
        FailsafeReply(.accepted(member: "demo-1", podUID: "uid-1", position: nil)),
        FailsafeReply(.off), FailsafeReply(.off, reign: seen), FailsafeReply(.runningAsLeader, reign: seen),
        FailsafeReply(.refused("my lock is another's"), reign: seen), FailsafeReply(.refused("no")),
    ])
    func `what a member replies is what the leader reads`(reply: FailsafeReply) {
        #expect(Self.seen != nil)
        #expect(FailsafeReply(status: reply.status, body: reply.body) { reply.headers[$0] } == reply)
    }

    @Test(
        arguments: [
            ("Accepted", nil), ("Accepted", "demo-1"), ("Accepted", ""), ("accepted", "demo-1/uid-1"),
            ("", "demo-1/uid-1"),
        ] as [(String, String?)])
    func `a 200 that names no Pod or does not say so is no consent`(body: String, member: String?) {
        #expect(FailsafeReply(status: 200, body: body) { $0 == PeerHeader.member ? member : nil } == nil)
    }

    @Test func `whatever else a member says is a refusal, and what it has seen counts`() {
        let reply = FailsafeReply(status: 404, body: "not found\n") { $0 == PeerHeader.reign ? "lock-uid/9////" : nil }
        #expect(reply?.answer == .refused("not found"))
        #expect(reply?.reign == nil)
        let other = FailsafeReply(status: 503, body: "") { $0 == PeerHeader.reign ? "lock-uid/9///" : nil }
        #expect(other?.answer == .refused("") && other?.reign?.epoch == 9)
    }
}
