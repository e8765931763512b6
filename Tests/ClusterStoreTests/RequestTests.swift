import ClusterRecords
import ClusterStore
import HighAvailability
import KubernetesClient
import KubernetesModels
import KubernetesStore
import TestSupport
import Testing
import Units

/// Requests for a change of leader, and what members say of themselves.
@Suite struct RequestTests {
    @Test(arguments: LockObject.allCases)
    func `a finished request is removed and its result recorded`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        let store = fixture.member().store
        try await store.completeInitialization(systemIdentifier: "1", deadline: soon)
        try await fixture.create("demo-failover", annotations: Self.first)
        try await store.finishFailover(
            FailoverRequest(leader: "demo-0", candidate: "demo-1", requestID: "one"),
            result: SwitchoverResult(
                requestID: "one", succeeded: true, from: "demo-0", to: "demo-1", reason: "switched over",
                outage: .milliseconds(250)), deadline: soon)
        #expect(try await fixture.annotations(of: "demo-failover") == [:])
        let text = try #require(try await fixture.annotations(of: "demo-config")["matriarch.dev/switchover-result"])
        #expect(
            try JSONValue(parsing: text) == [
                "id": "one", "outcome": "succeeded", "from": "demo-0", "to": "demo-1", "reason": "switched over",
                "outageMillis": 250,
            ])
    }

    @Test(arguments: LockObject.allCases)
    func `only the request that was read is removed, not a newer one`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        try await fixture.create("demo-failover", annotations: Self.first)
        let read = FailoverRequest(leader: "demo-0", candidate: "demo-1", requestID: "one")
        try await fixture.patch(
            "demo-failover", annotations: ["member": "demo-2", "matriarch.dev/request-id": "two"])
        #expect(try await !fixture.member().store.takeFailover(read, deadline: soon))
        #expect(
            FailoverRequest(annotations: try await fixture.annotations(of: "demo-failover"))
                == FailoverRequest(leader: "demo-0", candidate: "demo-2", requestID: "two"))
    }

    /// The same wish once more is another request: it has another identifier.
    @Test(arguments: LockObject.allCases)
    func `a request that differs in its identifier alone stays`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        try await fixture.create("demo-failover", annotations: Self.first)
        let store = fixture.member().store
        let other = FailoverRequest(leader: "demo-0", candidate: "demo-1", requestID: "zero")
        #expect(try await !store.takeFailover(other, deadline: soon))
        #expect(try await fixture.annotations(of: "demo-failover")["matriarch.dev/request-id"] == "one")
    }

    @Test(arguments: LockObject.allCases)
    func `a request is taken once, and not after it was withdrawn`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        try await fixture.create("demo-failover", annotations: Self.first)
        let store = fixture.member().store
        let request = FailoverRequest(leader: "demo-0", candidate: "demo-1", requestID: "one")
        #expect(try await store.readFailover(deadline: soon) == request)
        #expect(try await store.takeFailover(request, deadline: soon))
        #expect(try await store.readFailover(deadline: soon) == nil)
        #expect(try await fixture.annotations(of: "demo-failover") == [:])
        #expect(try await !store.takeFailover(request, deadline: soon))
    }

    /// Somebody deletes it, or the whole cluster.
    @Test func `a request whose object goes between the look and the write was withdrawn`() async throws {
        let object: JSONValue = [
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": ["name": "demo-failover", "resourceVersion": "7", "annotations": Self.first],
        ]
        let server = try ScriptedServer { connection in
            while let request = connection.readRequest() {
                if request.number == 1 { connection.respond(200, object.serialized()) } else { connection.respond(404) }
            }
        }
        let member = StoreMember(
            identity: HolderIdentity(member: "demo-0", podUID: "u0", nonce: "n0"),
            client: KubernetesClient(configuration: ClusterConfiguration(server: server.url)),
            scope: Scope(namespace: "shop", cluster: "demo"), lockObject: .configMap)
        let request = FailoverRequest(leader: "demo-0", candidate: "demo-1", requestID: "one")
        #expect(try await !member.store.takeFailover(request, deadline: soon))
        // Read, written, and read once more.
        #expect(server.requests == 3)
    }

    @Test func `a member publishes its status and its role on its own Pod`() async throws {
        let fixture = try await StoreFixture(.configMap)
        let uid = try await fixture.createPod("demo-0")
        let store = fixture.member().store
        try await store.publish(Self.status, label: .set(.primary), member: "demo-0", podUID: uid, deadline: soon)
        var member = try await fixture.published("demo-0")
        #expect(member.isLabelledPrimary)
        #expect(member.role == .primary)
        #expect(member.state == .running)
        #expect(member.host == "10.0.0.7")
        #expect(member.timeline == Timeline(rawValue: 3))
        try await store.publish(Self.status, label: .remove, member: "demo-0", podUID: uid, deadline: soon)
        member = try await fixture.published("demo-0")
        #expect(!member.isLabelledPrimary)
        #expect(member.role == .primary)
    }

    /// Whoever put the label there or took it away: a status alone changes nothing of it.
    @Test func `a status that keeps the label brings none back`() async throws {
        let fixture = try await StoreFixture(.configMap)
        let uid = try await fixture.createPod("demo-0")
        let store = fixture.member().store
        for label in [RoleLabelChange.set(.primary), .remove] {
            try await store.publish(Self.status, label: label, member: "demo-0", podUID: uid, deadline: soon)
            try await store.publish(Self.status, label: .keep, member: "demo-0", podUID: uid, deadline: soon)
            #expect(try await fixture.published("demo-0").isLabelledPrimary == (label == .set(.primary)))
        }
    }

    @Test func `a member cannot speak for a Pod that took its name over`() async throws {
        let fixture = try await StoreFixture(.configMap)
        _ = try await fixture.createPod("demo-0")
        let store = fixture.member().store
        await #expect(throws: KubernetesError.self) {
            try await store.publish(
                Self.status, label: .set(.primary), member: "demo-0", podUID: "00000000-0000-0000-0000-000000000000",
                deadline: soon)
        }
        let member = try await fixture.published("demo-0")
        #expect(!member.isLabelledPrimary)
        #expect(member.role == nil)
    }

    @Test func `a new leader takes the primary label from another Pod`() async throws {
        let fixture = try await StoreFixture(.configMap)
        let uid = try await fixture.createPod("demo-0")
        try await fixture.member().store.publish(
            Self.status, label: .set(.primary), member: "demo-0", podUID: uid, deadline: soon)
        try await fixture.member("demo-1").store.demoteLabel(of: "demo-0", deadline: soon)
        #expect(try await !fixture.published("demo-0").isLabelledPrimary)
    }

    private static let first: JSONValue = [
        "leader": "demo-0", "member": "demo-1", "matriarch.dev/request-id": "one",
    ]
    private static let status = MemberRecord(
        connectionURL: "postgres://10.0.0.7:5432/postgres", apiURL: "http://10.0.0.7:8008/patroni", state: .running,
        role: .primary, version: "1", timeline: Timeline(rawValue: 3))
}

extension StoreFixture {
    /// A member as the others read it.
    fileprivate func published(_ name: String) async throws -> Member {
        let pod = try await client.get(Pod.self, name: name, namespace: scope.namespace)
        return try #require(Member(pod: pod, container: "postgres"))
    }
}
