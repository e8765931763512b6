import ClusterRecords
import ClusterStore
import HighAvailability
import KubernetesModels
import KubernetesStore
import TestSupport
import Testing
import Units

/// Who may be elected while commits wait for standbys: written by compare-and-swap, in Patroni's annotations.
@Suite struct SynchronousStateTests {
    private let first = SynchronousState(leader: "demo-0", members: ["demo-2", "demo-1"], quorum: 1)

    @Test(arguments: LockObject.allCases)
    func `the record is created once, replaced over its version alone, and taken off`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        let store = fixture.member().store
        #expect(try await store.readSynchronous(deadline: soon) == nil)
        let created = try #require(try await store.writeSynchronous(first, over: nil, deadline: soon))
        #expect(created.meansTheSame(as: first))
        var annotations = try await fixture.annotations(of: "demo-sync")
        #expect(annotations.removeValue(forKey: StoreKey.written) != nil)
        #expect(annotations == ["leader": "demo-0", "sync_standby": "demo-1,demo-2", "quorum": "1"])
        #expect(try await store.readSynchronous(deadline: soon) == created)
        let taken = SynchronousState(leader: "demo-1", members: ["demo-2"], quorum: 0)
        let replaced = try #require(try await store.writeSynchronous(taken, over: created, deadline: soon))
        // The old leader decided on what is not there any more.
        let late = SynchronousState(leader: "demo-0")
        #expect(try await store.writeSynchronous(late, over: created, deadline: soon) == nil)
        #expect(try await store.writeSynchronous(late, over: nil, deadline: soon) == nil)
        #expect(try await store.readSynchronous(deadline: soon) == replaced)
        let cleared = try await store.writeSynchronous(SynchronousState(leader: nil), over: replaced, deadline: soon)
        #expect(cleared?.isActive == false)
        #expect(Array(try await fixture.annotations(of: "demo-sync").keys) == [StoreKey.written])
    }

    @Test(arguments: LockObject.allCases)
    func `a record that is written again as it is has another version, over which no earlier write lands`(
        _ kind: LockObject
    ) async throws {
        let store = try await StoreFixture(kind).member().store
        let created = try #require(try await store.writeSynchronous(first, over: nil, deadline: soon))
        let again = try #require(try await store.writeSynchronous(created, over: created, deadline: soon))
        #expect(again.meansTheSame(as: created) && again.version != created.version)
        #expect(try await store.writeSynchronous(SynchronousState(leader: nil), over: created, deadline: soon) == nil)
    }

    @Test(arguments: LockObject.allCases)
    func `a record whose answer was lost is written once`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        let server = try LossyServer(before: try await ControlPlane.shared()) { $0 == 1 ? .answerLost() : .answered }
        let store = fixture.member(through: server.client()).store
        let written = try await store.writeSynchronous(first, over: nil, deadline: soon)
        #expect(written?.meansTheSame(as: first) == true)
        #expect(try await fixture.member().store.readSynchronous(deadline: soon) == written)
    }

    @Test(arguments: LockObject.allCases)
    func `a record that was written unheard is recognised when it is written again`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        let store = fixture.member().store
        let former = try #require(try await store.writeSynchronous(first, over: nil, deadline: soon))
        let taken = SynchronousState(leader: "demo-1", members: ["demo-2"])
        let landed = try #require(try await store.writeSynchronous(taken, over: former, deadline: soon))
        // Its agent knows of the former version alone.
        #expect(try await store.writeSynchronous(taken, over: former, deadline: soon) == landed)
    }
}
