import ClusterRecords
import ClusterStore
import Fence
import HighAvailability
import KubernetesClient
import KubernetesModels
import KubernetesStore
import TestSupport
import Testing
import Units

@Suite struct InitializationTests {
    @Test(arguments: LockObject.allCases)
    func `of many members that claim to create the cluster exactly one may`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        let winners = try await claims(20, in: fixture)
        #expect(winners.count == 1)
        let annotations = try await fixture.annotations(of: "demo-config")
        #expect(Initialization(annotations: annotations) == .inProgress(by: winners.first))
    }

    /// The operator writes the settings before any member is up: the object exists, the claim does not.
    @Test(arguments: LockObject.allCases)
    func `a claim beside existing settings keeps them and still has one winner`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        try await fixture.create("demo-config", annotations: ["config": "{\"ttl\":20}"])
        let winners = try await claims(20, in: fixture)
        #expect(winners.count == 1)
        let annotations = try await fixture.annotations(of: "demo-config")
        #expect(annotations["config"] == "{\"ttl\":20}")
        #expect(annotations["matriarch.dev/initializer"] == winners.first)
    }

    @Test(arguments: LockObject.allCases)
    func `the member that claimed may claim again, others may not`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        let store = fixture.member().store
        #expect(try await store.claimInitialization(by: "demo-1", deadline: soon))
        #expect(try await store.claimInitialization(by: "demo-1", deadline: soon))
        #expect(try await store.claimInitialization(by: "demo-2", deadline: soon) == false)
    }

    @Test(arguments: LockObject.allCases)
    func `a claim that was given up is free for another member`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        let store = fixture.member().store
        #expect(try await store.claimInitialization(by: "demo-1", deadline: soon))
        try await store.cancelInitialization(by: "demo-2", deadline: soon)
        #expect(try await store.claimInitialization(by: "demo-2", deadline: soon) == false)
        try await store.cancelInitialization(by: "demo-1", deadline: soon)
        #expect(try await store.claimInitialization(by: "demo-2", deadline: soon))
    }

    @Test(arguments: LockObject.allCases)
    func `nobody may create a cluster that has a system identifier`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        let store = fixture.member().store
        #expect(try await store.claimInitialization(by: "demo-1", deadline: soon))
        try await store.completeInitialization(systemIdentifier: "7000000000000000001", deadline: soon)
        #expect(try await store.claimInitialization(by: "demo-1", deadline: soon) == false)
        try await store.cancelInitialization(by: "demo-1", deadline: soon)
        let annotations = try await fixture.annotations(of: "demo-config")
        #expect(Initialization(annotations: annotations) == .done(systemIdentifier: "7000000000000000001"))
        #expect(annotations["matriarch.dev/initializer"] == nil)
    }

    @Test(arguments: LockObject.allCases)
    func `the history is written as Patroni writes it and read back`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        let store = fixture.member().store
        try await store.completeInitialization(systemIdentifier: "1", deadline: soon)
        let history = [
            TimelineSwitch(
                timeline: Timeline(rawValue: 1), position: LSN(rawValue: 25_000_000),
                reason: "no recovery target specified",
                time: "2026-01-01T00:00:00.000001+00:00", newLeader: "demo-1")
        ]
        let before = try #require(try await store.readHistory(deadline: soon))
        #expect(try await store.writeHistory(history, over: before, loss: nil, deadline: soon))
        let text = try await fixture.annotations(of: "demo-config")["history"]
        #expect(
            text
                == #"[[1,25000000,"no recovery target specified","2026-01-01T00:00:00.000001+00:00","demo-1"]]"#)
        #expect(TimelineSwitch.list(annotation: text) == history)
    }

    /// The first leader was frozen, or its answer lost: what it decided on is gone when its write comes.
    @Test(arguments: LockObject.allCases)
    func `a history that a leader of the past writes late does not drop its successor's entry`(
        _ kind: LockObject
    ) async throws {
        let fixture = try await StoreFixture(kind)
        let old = fixture.member("demo-0").store
        let new = fixture.member("demo-1").store
        try await old.completeInitialization(systemIdentifier: "1", deadline: soon)
        let stale = try #require(try await old.readHistory(deadline: soon))
        let current = try #require(try await new.readHistory(deadline: soon))
        let entry = Self.change(1, by: "demo-1")
        #expect(try await new.writeHistory(current.ending(with: entry) ?? [], over: current, loss: nil, deadline: soon))
        let late = stale.ending(with: Self.change(1, by: "demo-0")) ?? []
        #expect(try await old.writeHistory(late, over: stale, loss: nil, deadline: soon) == false)
        let stored = try #require(try await old.readHistory(deadline: soon))
        #expect(stored.switches == [entry])
        #expect(stored.ending(with: entry) == nil)
    }

    /// A standby cluster that was promoted, demoted and promoted again, and one whose member could not tell of its promotion.
    @Test func `a history ends with the leader's own switch, whatever courses were recorded before`() async throws {
        let fixture = try await StoreFixture(.configMap)
        let store = fixture.member().store
        try await store.completeInitialization(systemIdentifier: "1", deadline: soon)
        let former = [(1, "demo-0"), (2, "demo-1"), (3, "demo-0")].map { Self.change($0.0, by: $0.1) }
        let empty = try #require(try await store.readHistory(deadline: soon))
        #expect(try await store.writeHistory(former, over: empty, loss: nil, deadline: soon))
        let stored = try #require(try await store.readHistory(deadline: soon))
        #expect(stored.ending(with: former[2]) == nil)
        #expect(stored.ending(with: former[0]) == [former[0]])
        #expect(stored.ending(with: Self.change(3, by: "demo-1")) == former[..<2] + [Self.change(3, by: "demo-1")])
        #expect(stored.ending(with: Self.change(4, by: "demo-1")) == former + [Self.change(4, by: "demo-1")])
        #expect(
            stored.ending(with: Self.change(3, by: "demo-0", at: 8)) == former[..<2] + [
                Self.change(3, by: "demo-0", at: 8)
            ])
    }

    private static func change(_ timeline: UInt32, by leader: String, at position: UInt64 = 7) -> TimelineSwitch {
        TimelineSwitch(
            timeline: Timeline(rawValue: timeline), position: LSN(rawValue: position), reason: "test", time: "then",
            newLeader: leader)
    }

    private func claims(_ count: Int, in fixture: StoreFixture) async throws -> [String] {
        try await withThrowingTaskGroup(of: String?.self) { group in
            for index in 0..<count {
                let member = fixture.member("demo-\(index)")
                group.addTask { try await self.claims(member) ? member.identity.member : nil }
            }
            return try await group.reduce(into: []) { if let name = $1 { $0.append(name) } }
        }
    }

    /// As the loop of an agent does it: a server that did not answer is asked again.
    private func claims(_ member: StoreMember) async throws -> Bool {
        let end = soon
        while true {
            do {
                return try await member.store.claimInitialization(by: member.identity.member, deadline: end)
            } catch let error as any StoreFailure where error.isRetryable && BootClock.now() < end {
                continue
            }
        }
    }
}
