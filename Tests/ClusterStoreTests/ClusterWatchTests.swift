import ClusterRecords
import HighAvailability
import KubernetesClient
import KubernetesModels
import KubernetesStore
import Logging
import TestSupport
import Testing
import Units

@testable import ClusterStore

@Suite struct ClusterWatchTests {
    private static let ttl = Duration.seconds(20)

    @Test(arguments: LockObject.allCases)
    func `a view shows lock, members, settings and requests as they appear`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        let observer = fixture.member("demo-9")
        let watch = observer.watch
        #expect(watch.view() == nil)
        try await observer.watching {
            #expect(watch.view() == ClusterView())
            let record = try await fixture.member("demo-0").takeLock()
            try await eventually("the lock shows", { watch.view()?.lock }, until: { $0 == record })
            _ = try await fixture.createPod("demo-0")
            try await eventually("the member shows") { watch.view()?.members["demo-0"] != nil }
            try await fixture.create("demo-failover", annotations: ["leader": "demo-0"])
            try await eventually("the request shows") { watch.view()?.failover == FailoverRequest(leader: "demo-0") }
            let settings = #"{"ttl":30,"loop_wait":5,"retry_timeout":5}"#
            try await fixture.create("demo-config", annotations: ["config": .string(settings), "initialize": "1"])
            try await eventually("the settings show", { watch.view()?.configuration.timings.ttl }) {
                $0 == .seconds(30)
            }
            #expect(watch.view()?.initialization == .done(systemIdentifier: "1"))
            // Nonsense is reported and changes nothing.
            try await fixture.patch("demo-config", annotations: ["config": "{"])
            try await eventually("the nonsense is reported") {
                _ = watch.view()
                return !watch.configurationProblems.isEmpty
            }
            #expect(watch.view()?.configuration.timings.ttl == .seconds(30))
        }
    }

    @Test(arguments: LockObject.allCases)
    func `objects of another cluster in the namespace are not seen`(_ kind: LockObject) async throws {
        let fixture = try await StoreFixture(kind)
        let observer = fixture.member("demo-9")
        try await observer.watching {
            _ = try await fixture.client.createRaw(
                fixture.resource,
                body: ["metadata": ["name": "other-failover", "labels": ["cluster-name": "other"]]],
                namespace: fixture.scope.namespace)
            try await fixture.create("demo-failover", annotations: ["leader": "demo-0"])
            try await eventually("the own request shows") { observer.watch.view()?.failover != nil }
            #expect(observer.watch.view() == ClusterView(failover: FailoverRequest(leader: "demo-0")))
        }
    }

    @Test func `a Pod that only carries the cluster's label is no member`() async throws {
        let fixture = try await StoreFixture(.configMap)
        let observer = fixture.member("demo-9")
        try await observer.watching {
            _ = try await fixture.createPod("psql")
            _ = try await fixture.createPod("demo-1-debug")
            _ = try await fixture.createPod("demo-2", controlledBy: ["kind": "ReplicaSet", "name": "demo"])
            _ = try await fixture.createPod("demo-3", controlledBy: ["kind": "StatefulSet", "name": "other"])
            _ = try await fixture.createPod("demo-1", controlledBy: ["kind": "StatefulSet", "name": "demo"])
            // As between two StatefulSets.
            _ = try await fixture.createPod("demo-0")
            try await eventually("the members show", { observer.watch.view()?.members.keys.sorted() }) {
                $0 == ["demo-0", "demo-1"]
            }
        }
        // So does a list.
        let later = fixture.member("demo-8")
        try await later.watching {
            #expect(later.watch.view()?.members.keys.sorted() == ["demo-0", "demo-1"])
        }
    }

    @Test(arguments: LockObject.allCases)
    func `a lock's age counts from when this member first saw it, whatever its time says`(_ kind: LockObject)
        async throws
    {
        let fixture = try await StoreFixture(kind)
        let leader = fixture.member("demo-0")
        let taken = try await leader.takeLock()
        let observer = fixture.member("demo-9")
        let (watch, clock) = (observer.watch, observer.clock)
        try await observer.watching {
            clock.advance(by: .milliseconds(19_999))
            #expect(watch.standing(ttl: Self.ttl) == .held(by: "demo-0"))
            clock.advance(by: .milliseconds(1))
            #expect(watch.standing(ttl: Self.ttl) == .expired(holder: "demo-0"))
            // A change beside the lock is no renewal.
            try await fixture.patch(fixture.lockName, annotations: ["note": "touched"])
            let touched = try #require(try await fixture.member("demo-8").readLock())
            try await eventually("the change shows") { watch.view()?.lock?.version == touched.version }
            #expect(watch.standing(ttl: Self.ttl) == .expired(holder: "demo-0"))
            let renewed = try #require(try await leader.renew(taken).record)
            try await eventually("the renewal shows") { watch.view()?.lock == renewed }
            #expect(watch.standing(ttl: Self.ttl) == .held(by: "demo-0"))
            #expect(watch.lockExpiry(ttl: Self.ttl) == clock.now + Self.ttl)
        }
    }

    @Test(arguments: LockObject.allCases)
    func `an own lock is mine until its validity ends, and another's from when it is seen`(_ kind: LockObject)
        async throws
    {
        let fixture = try await StoreFixture(kind)
        let leader = fixture.member("demo-0")
        try await leader.watching {
            let taken = try await leader.takeLock()
            // Shown by the answer, before the watch shows anything; the holder's only once its fence is armed.
            #expect(leader.watch.view()?.lock == taken)
            #expect(leader.watch.standing(ttl: Self.ttl) == .mineFromEarlierLife)
            let until = leader.hold(taken)
            #expect(leader.watch.standing(ttl: Self.ttl) == .mine(until: until))
            let rival = try await fixture.member("demo-1").takeLock()
            try await eventually("the rival shows") { leader.watch.view()?.lock == rival }
            #expect(leader.watch.standing(ttl: Self.ttl) == .held(by: "demo-1"))
        }
    }

    @Test func `the view does not go back behind an own write`() throws {
        let watch = Self.watch()
        watch.learn(lock: Self.record("3"), annotations: Self.annotations("3"))
        watch.show("1")
        watch.show("2")
        #expect(watch.shownRenewal == "3")
        // Its own event, and with it everything after, is news.
        watch.show("3")
        watch.show("4")
        #expect(watch.shownRenewal == "4")
    }

    @Test func `an answer the watch has overtaken does not take the view back`() throws {
        let watch = Self.watch()
        for version in ["1", "2", "3"] { watch.show(version) }
        watch.learn(lock: Self.record("2"), annotations: Self.annotations("2"))
        #expect(watch.shownRenewal == "3")
        watch.show("4")
        #expect(watch.shownRenewal == "4")
    }

    @Test func `an own write whose event was faster than its answer makes the watch wait for nothing`() throws {
        let watch = Self.watch()
        watch.show("1")
        watch.learn(lock: Self.record("1"), annotations: Self.annotations("1"))
        watch.show("2")
        #expect(watch.shownRenewal == "2")
    }

    @Test func `a watch that never shows an own write is believed again after a while`() throws {
        let clock = ManualClock()
        let watch = Self.watch(clock)
        watch.learn(lock: Self.record("3"), annotations: Self.annotations("3"))
        watch.show("9")
        #expect(watch.shownRenewal == "3")
        clock.advance(by: .seconds(11))
        watch.show("10")
        #expect(watch.shownRenewal == "10")
    }

    @Test func `the watch goes on when the API server comes back`() async throws {
        let controlPlane = try await ControlPlane.start()
        let fixture = try await StoreFixture(.configMap, on: controlPlane)
        let leader = fixture.member("demo-0")
        let taken = try await leader.takeLock()
        let observer = fixture.member("demo-9")
        try await observer.watching {
            try await controlPlane.stopAPIServer()
            #expect(observer.watch.view()?.lock == taken)
            try await controlPlane.startAPIServer()
            let renewed = try #require(try await leader.renew(taken).record)
            try await eventually(within: .seconds(15), "the renewal shows") { observer.watch.view()?.lock == renewed }
            _ = try await fixture.createPod("demo-1")
            try await eventually(within: .seconds(15), "the Pod shows") {
                observer.watch.view()?.members["demo-1"] != nil
            }
        }
        try await controlPlane.stop()
    }

    /// A watch that is told its events by the test.
    private static func watch(_ clock: ManualClock = ManualClock()) -> ClusterWatch {
        ClusterWatch(
            scope: Scope(namespace: "none", cluster: "demo"), lockObject: .configMap, container: "postgres",
            desk: LockDesk(
                me: HolderIdentity(member: "demo-9", podUID: "uid", nonce: "nonce"), fence: nil, clock: clock),
            clock: clock)
    }

    fileprivate static func annotations(_ version: String) -> [String: String] {
        ["leader": "demo-0", "renewTime": version]
    }
    private static func record(_ version: String) -> LockRecord {
        LockRecord(version: version, annotations: annotations(version))
    }
}

extension ClusterWatch {
    /// One event of the lock.
    fileprivate func show(_ version: String) {
        store(
            ObjectMeta(
                name: "demo-leader", resourceVersion: version, annotations: ClusterWatchTests.annotations(version)))
    }
    fileprivate var shownRenewal: String? { desk.look { station, _ in station.record?.renewal } }
}
