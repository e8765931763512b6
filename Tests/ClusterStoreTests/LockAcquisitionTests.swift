import ClusterRecords
import ClusterStore
import HighAvailability
import KubernetesClient
import KubernetesModels
import KubernetesStore
import TestSupport
import Testing

@Suite struct LockAcquisitionTests {
    @Test(arguments: LockObject.allCases)
    func `of many members that create the lock exactly one holds it`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        let outcomes = try await race(20, over: nil, in: fixture)
        let holders = outcomes.filter { $0.value.isHeld }.keys
        #expect(holders.count == 1)
        let lock = try #require(try await fixture.member("observer").readLock())
        #expect(lock.leader == holders.first)
        #expect(lock.epoch == 1)
        #expect(lock.transitions == 1)
        // Each loser learns in the same call who was faster.
        for (name, outcome) in outcomes where !outcome.isHeld {
            #expect(outcome.record?.leader == lock.leader, "\(name) was told \(outcome)")
        }
    }

    @Test(arguments: LockObject.allCases)
    func `of many members that take a released lock exactly one holds it`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        let former = fixture.member("demo-former")
        #expect(try await former.release(try await former.takeLock()))
        let free = try #require(try await former.readLock())
        let outcomes = try await race(20, over: free, in: fixture)
        #expect(outcomes.values.count(where: \.isHeld) == 1)
        let lock = try #require(try await former.readLock())
        #expect(lock.leader == outcomes.first { $0.value.isHeld }?.key)
        #expect(lock.epoch == 2)
        #expect(lock.transitions == 2)
    }

    @Test(arguments: LockObject.allCases)
    func `a member that judged an older record does not get the lock`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        let first = fixture.member("demo-0")
        let record = try await first.takeLock()
        #expect(try await first.release(record))
        let judged = try #require(try await first.readLock())
        // Anything at all has happened to the object since: the judgement is void, though the lock is still free.
        try await fixture.patch(fixture.lockName, annotations: ["note": "touched"])
        let outcome = try await fixture.member("demo-1").acquire(over: judged)
        #expect(!outcome.isHeld)
        #expect(outcome.record?.leader == nil)
        #expect(try await first.readLock()?.leader == nil)
    }

    @Test(arguments: LockObject.allCases)
    func `a member that saw no lock object does not take one that exists`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        _ = try await fixture.member("demo-0").takeLock()
        let outcome = try await fixture.member("demo-1").acquire(over: nil)
        #expect(!outcome.isHeld)
        #expect(outcome.record?.leader == "demo-0")
    }

    @Test(arguments: LockObject.allCases)
    func `a lock object that was deleted after it was judged is not taken`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        let record = try await fixture.member("demo-0").takeLock()
        _ = try await fixture.client.deleteRaw(
            fixture.resource, name: fixture.lockName, namespace: fixture.scope.namespace)
        #expect(try await fixture.member("demo-1").acquire(over: record) == .lost(nil))
    }

    @Test(arguments: LockObject.allCases)
    func `the epoch rises with each acquisition, transitions only with a new leader`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        let first = try await fixture.member("demo-0", nonce: "first").takeLock()
        let again = try await fixture.member("demo-0", nonce: "second").takeLock()
        #expect(again.epoch == first.epoch + 1)
        #expect(again.transitions == first.transitions)
        let other = try await fixture.member("demo-1").takeLock()
        #expect(other.epoch == first.epoch + 2)
        #expect(other.transitions == first.transitions + 1)
    }

    @Test(arguments: LockObject.allCases)
    func `the lock is written as Patroni writes it`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        _ = try await fixture.member("demo-0").takeLock()
        let object = try #require(try await fixture.object(kind == .configMap ? "demo-leader" : "demo"))
        let annotations = try #require(object.value(at: "metadata", "annotations")?.stringMapValue)
        #expect(annotations["leader"] == "demo-0")
        #expect(annotations["ttl"] == "20")
        #expect(annotations["transitions"] == "1")
        #expect(annotations["optime"] == "100")
        #expect(annotations["acquireTime"] == annotations["renewTime"])
        #expect(annotations["acquireTime"]?.hasSuffix("+00:00") == true)
        #expect(object.value(at: "metadata", "labels", "cluster-name")?.stringValue == "demo")
    }

    /// Everyone claims at the same moment.
    private func race(_ count: Int, over record: LockRecord?, in fixture: StoreFixture) async throws
        -> [String: LockWrite]
    {
        try await withThrowingTaskGroup { group in
            for index in 0..<count {
                let member = fixture.member("demo-\(index)")
                group.addTask { (member.identity.member, try await member.acquire(over: record)) }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }
}
