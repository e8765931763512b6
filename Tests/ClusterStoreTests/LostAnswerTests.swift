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

/// What becomes of a write to the lock whose answer never came.
@Suite struct LostAnswerTests {
    @Test(arguments: LockObject.allCases)
    func `a lock that was created without an answer is held, once`(_ kind: LockObject) async throws {
        let (fixture, server) = try await world(kind) { $0 == 1 ? .answerLost() : .answered }
        let member = fixture.member(through: server.client())
        let outcome = try await member.acquire(over: nil)
        #expect(outcome.isHeld)
        #expect(outcome.record?.epoch == 1)
        #expect(outcome.record?.transitions == 1)
        #expect(try await fixture.member("observer").readLock() == outcome.record)
    }

    @Test(arguments: LockObject.allCases)
    func `a lock that was taken without an answer is held, once`(_ kind: LockObject) async throws {
        let (fixture, server) = try await world(kind) { $0 == 1 ? .answerLost() : .answered }
        let former = fixture.member("demo-0")
        #expect(try await former.release(try await former.takeLock()))
        let free = try #require(try await former.readLock())
        let outcome = try await fixture.member("demo-1", through: server.client()).acquire(over: free)
        #expect(outcome.isHeld)
        #expect(outcome.record?.epoch == free.epoch + 1)
        #expect(outcome.record?.transitions == free.transitions + 1)
    }

    @Test(arguments: LockObject.allCases)
    func `a claim that never reached the server is repeated`(_ kind: LockObject) async throws {
        let (fixture, server) = try await world(kind) { $0 == 1 ? .requestLost : .answered }
        let before = BootClock.now()
        let outcome = try await fixture.member(through: server.client()).acquire(over: nil)
        guard case .held(let record, let sentAt) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(record.epoch == 1)
        // The first attempt might have landed: validity counts from when it left.
        let arrived = try #require(server.firstWriteAt)
        #expect(before <= sentAt && sentAt <= arrived)
        #expect(server.writeCount == 2)
    }

    @Test(arguments: LockObject.allCases)
    func `a claim whose answer was lost and whose lock another took meanwhile is lost`(_ kind: LockObject) async throws
    {
        let fixture = try await StoreFixture(kind)
        let rival = fixture.member("demo-1")
        let server = try LossyServer(before: try await ControlPlane.shared()) { number in
            number == 1 ? .answerLost { _ = try await rival.takeLock() } : .answered
        }
        let outcome = try await fixture.member("demo-0", through: server.client()).acquire(over: nil)
        #expect(!outcome.isHeld)
        #expect(outcome.record?.leader == "demo-1")
        #expect(outcome.record?.epoch == 2)
    }

    @Test(arguments: LockObject.allCases)
    func `a renewal without an answer counts from when it was sent`(_ kind: LockObject) async throws {
        let (fixture, server) = try await world(kind) { $0 == 1 ? .answerLost() : .answered }
        let taken = try await fixture.member().takeLock()
        let before = BootClock.now()
        let outcome = try await fixture.member(through: server.client()).renew(taken)
        guard case .held(let record, let sentAt) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(record.epoch == taken.epoch)
        #expect(record.renewal != taken.renewal)
        let arrived = try #require(server.firstWriteAt)
        #expect(before <= sentAt && sentAt <= arrived)
        #expect(server.writeCount == 1)
    }

    @Test(arguments: LockObject.allCases, [429, 500, 502, 503, 504])
    func `a renewal a proxy refuses is repeated under its first stamp`(_ kind: LockObject, _ status: Int) async throws {
        let (fixture, server) = try await world(kind) { $0 == 1 ? .refused(status: status) : .answered }
        let taken = try await fixture.member().takeLock()
        #expect(try await fixture.member(through: server.client()).renew(taken).isHeld)
        #expect(server.writeCount >= 2)
    }

    @Test(arguments: LockObject.allCases)
    func `a renewal that never gets an answer is neither held nor lost`(_ kind: LockObject) async throws {
        let (fixture, server) = try await world(kind) { _ in .requestLost }
        let taken = try await fixture.member().takeLock()
        let member = fixture.member(through: server.client())
        let deadline = BootClock.now() + .seconds(1)
        await #expect(throws: KubernetesError.self) {
            _ = try await member.store.renew(member.claim, holding: taken, target: nil, deadline: deadline)
        }
        // Asked again at the deadline, it would take as long again and again: nobody answers.
        #expect(BootClock.now() - deadline < .seconds(10))
    }

    @Test(arguments: LockObject.allCases)
    func `a release without an answer is a release`(_ kind: LockObject) async throws {
        let (fixture, server) = try await world(kind) { $0 == 1 ? .answerLost() : .answered }
        let taken = try await fixture.member().takeLock()
        #expect(try await fixture.member(through: server.client()).release(taken, heir: "demo-1"))
        let free = try await fixture.member().readLock()
        #expect(free?.leader == nil)
        #expect(free?.heir == "demo-1")
    }

    /// The heir waits for nothing else: it is often faster than the question what became of the release.
    @Test(arguments: LockObject.allCases)
    func `a release without an answer is a release though the heir has taken the lock`(_ kind: LockObject) async throws
    {
        let fixture = try await StoreFixture(kind)
        let heir = fixture.member("demo-1")
        let server = try LossyServer(before: try await ControlPlane.shared()) { number in
            number == 1 ? .answerLost { _ = try await heir.takeLock() } : .answered
        }
        let taken = try await fixture.member().takeLock()
        #expect(try await fixture.member(through: server.client()).release(taken, heir: "demo-1"))
        #expect(try await heir.readLock()?.leader == "demo-1")
    }

    @Test(arguments: LockObject.allCases)
    func `a release that never reached the server is repeated`(_ kind: LockObject) async throws {
        let (fixture, server) = try await world(kind) { $0 == 1 ? .requestLost : .answered }
        let taken = try await fixture.member().takeLock()
        #expect(try await fixture.member(through: server.client()).release(taken, heir: "demo-1"))
        #expect(try await fixture.member().readLock()?.heir == "demo-1")
    }

    private func world(_ kind: LockObject, fate: @escaping @Sendable (Int) -> LossyServer.Fate) async throws
        -> (StoreFixture, LossyServer)
    {
        (try await StoreFixture(kind), try LossyServer(before: try await ControlPlane.shared(), fate: fate))
    }
}
