import ClusterRecords
import ClusterStore
import HighAvailability
import KubernetesClient
import KubernetesModels
import KubernetesStore
import TestSupport
import Testing
import Units

@Suite struct LockRenewalTests {
    @Test(arguments: LockObject.allCases)
    func `a renewal changes the stamp and keeps the epoch`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        let leader = fixture.member()
        let taken = try await leader.takeLock()
        let renewed = try #require(try await leader.renew(taken).record)
        #expect(renewed.renewal != taken.renewal)
        #expect(renewed.version != taken.version)
        #expect(renewed.epoch == taken.epoch)
        #expect(renewed.transitions == taken.transitions)
        #expect(try await leader.readLock() == renewed)
    }

    @Test(arguments: LockObject.allCases)
    func `a renewal goes through though somebody else touched the object`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        let leader = fixture.member()
        let taken = try await leader.takeLock()
        _ = try await fixture.client.mergePatchRaw(
            fixture.resource, name: fixture.lockName, namespace: fixture.scope.namespace,
            body: ["metadata": ["labels": ["team": "dba"]]])
        #expect(try await leader.renew(taken).isHeld)
        let object = try await fixture.object(fixture.lockName)
        #expect(object?.value(at: "metadata", "labels", "team")?.stringValue == "dba")
    }

    @Test(arguments: LockObject.allCases)
    func `a renewal after another member took the lock is lost and changes nothing`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        let former = fixture.member("demo-0")
        let taken = try await former.takeLock()
        let successor = try await fixture.member("demo-1").takeLock()
        #expect(try await former.renew(taken) == .lost(successor))
        #expect(try await former.readLock() == successor)
    }

    @Test(arguments: LockObject.allCases)
    func `a renewal in an epoch that is over is lost, though the holder is the same agent`(_ kind: LockObject)
        async throws
    {
        let fixture = try await StoreFixture(kind)
        let leader = fixture.member()
        let former = try await leader.takeLock()
        let current = try await leader.takeLock()
        #expect(try await leader.renew(former) == .lost(current))
        #expect(try await leader.readLock() == current)
    }

    /// The same name in another Pod, and the same Pod in another life of its agent.
    @Test(
        arguments: LockObject.allCases,
        [("demo-0", "another-uid", "first"), ("demo-0", "uid-of-demo-0", "second")])
    func `a twin of the holder can neither renew nor release`(_ kind: LockObject, _ twin: (String, String, String))
        async throws
    {
        let fixture = try await StoreFixture(kind)
        let impostor = fixture.member(twin.0, uid: twin.1, nonce: twin.2)
        let former = try await impostor.takeLock()
        let holder = fixture.member("demo-0")
        let taken = try await holder.takeLock()
        #expect(try await impostor.renew(former) == .lost(taken))
        #expect(try await impostor.release(former, heir: "demo-0") == false)
        #expect(try await holder.readLock() == taken)
    }

    @Test(arguments: LockObject.allCases)
    func `a lock object that was deleted is lost`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        let leader = fixture.member()
        let taken = try await leader.takeLock()
        _ = try await fixture.client.deleteRaw(
            fixture.resource, name: fixture.lockName, namespace: fixture.scope.namespace)
        #expect(try await leader.renew(taken) == .lost(nil))
    }

    @Test func `an Endpoints lock routes to its holder, and on to it until the next one takes it`() async throws {
        let fixture = try await StoreFixture(.endpoints)
        func route() async throws -> [JSONValue] {
            let subsets = try await fixture.object("demo")?["subsets"]?.arrayValue ?? []
            return subsets.flatMap { $0["addresses"]?.arrayValue ?? [] }.compactMap {
                $0.value(at: "targetRef", "name")
            }
        }
        func target(_ number: Int) -> RoutingTarget {
            RoutingTarget(
                address: "10.1.2.\(number)", port: 5432, pod: "demo-\(number)", podUID: "uid-of-demo-\(number)",
                node: nil)
        }
        let (leader, heir) = (fixture.member("demo-1"), fixture.member("demo-2"))
        let taken = try #require(try await leader.acquire(over: nil, target: target(1)).record)
        #expect(try await route() == ["demo-1"])
        let renewed = try #require(try await leader.renew(taken, target: target(1)).record)
        #expect(try await leader.release(renewed, heir: "demo-2"))
        // A Service without any address would cost its clients more than one that refuses them.
        #expect(try await route() == ["demo-1"])
        let free = try await heir.readLock()
        #expect(try await heir.acquire(over: free, target: target(2)).isHeld)
        #expect(try await route() == ["demo-2"])
    }

    @Test(arguments: LockObject.allCases)
    func `a release names the heir and keeps epoch, timeline and the last position`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        let leader = fixture.member()
        let taken = try await leader.takeLock()
        #expect(try await leader.release(taken, heir: "demo-2", position: LSN(rawValue: 4711)))
        let free = try #require(try await leader.readLock())
        #expect(free.leader == nil)
        #expect(free.identity == nil)
        #expect(free.heir == "demo-2")
        #expect(free.position == LSN(rawValue: 4711))
        #expect(free.epoch == taken.epoch)
        #expect(free.timeline == taken.timeline)
        // The heir's acquisition takes its name off again.
        #expect(try await fixture.member("demo-2").takeLock().heir == nil)
    }

    @Test(arguments: LockObject.allCases)
    func `a release goes through though somebody else touched the object`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        let leader = fixture.member()
        let taken = try await leader.takeLock()
        try await fixture.patch(fixture.lockName, annotations: ["note": "touched"])
        #expect(try await leader.release(taken, heir: "demo-1"))
        #expect(try await leader.readLock()?.heir == "demo-1")
    }

    @Test(arguments: LockObject.allCases)
    func `a former holder cannot release its successor's lock`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        let former = fixture.member("demo-0")
        let taken = try await former.takeLock()
        let successor = try await fixture.member("demo-1").takeLock()
        #expect(try await former.release(taken, heir: "demo-2") == false)
        #expect(try await former.readLock() == successor)
    }
}
