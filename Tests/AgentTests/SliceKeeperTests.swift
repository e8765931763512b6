import ClusterRecords
import ClusterStore
import Fence
import HighAvailability
import KubernetesClient
import KubernetesModels
import KubernetesStore
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Agent
@testable import AgentShell

/// The keeper of the route against a real API server; what it believes of the lock is in the test's hand.
@Suite struct SliceKeeperTests {
    private struct Fixture {
        let store: KubernetesRouteStore
        let client: KubernetesClient
        let resource: APIResource

        init() async throws {
            let controlPlane = try await ControlPlane.shared()
            client = KubernetesClient(configuration: controlPlane.admin)
            store = KubernetesRouteStore(
                client: client,
                scope: Scope(namespace: try await controlPlane.namespace(prefix: "route"), cluster: "demo"))
            resource = try #require(try await store.servedVersion())
        }

        func route() async throws -> StoredRoute? { try await store.read(.ipv4, as: resource) }

        func leads(to member: String) async throws {
            try await eventually("the route leads to \(member)", { try await route() }) { $0?.members == [member] }
        }

        func patch(_ body: JSONValue) async throws {
            _ = try await client.mergePatchRaw(
                resource, name: "demo-primary", namespace: store.scope.namespace, body: body)
        }
    }

    /// One member's keeper, and what it takes for the truth.
    private final class Keeper: Sendable {
        let keeper: SliceKeeper
        private let believed = Box()
        private let live = Box()

        init(_ number: Int, _ fixture: Fixture) {
            let (believed, live) = (believed, live)
            let target = RoutingTarget(
                address: "10.1.2.\(number)", port: 5432, pod: "demo-\(number)", podUID: "u\(number)", node: nil)
            keeper = SliceKeeper(
                .ipv4, store: fixture.store, clock: BootClock(),
                logger: Logger(label: "route") { _ in SwiftLogNoOpLogHandler() },
                slice: { RouteSlice(to: target, owner: nil) }, ownReign: { believed.reign },
                holdsLockLive: { live.reign == $0 })
        }

        /// - Parameter live: what a live read of the lock shows.
        func believe(_ reign: Reign?, live: Reign? = nil) {
            self.live.set(live)
            believed.set(reign)
            keeper.wake()
        }
    }

    private final class Box: Sendable {
        private let contents = Mutex<Reign?>(nil)
        var reign: Reign? { contents.withLock { $0 } }
        func set(_ reign: Reign?) { contents.withLock { $0 = reign } }
    }

    private static func reign(_ number: Int, epoch: Int64, object: String = "lock") throws -> Reign {
        let holder = HolderIdentity(member: "demo-\(number)", podUID: "u\(number)", nonce: "n")
        return try #require(
            Reign(
                LockRecord(
                    version: "a", leader: holder.member, identity: holder, epoch: epoch, objectUID: object)))
    }

    private func running(_ keepers: [Keeper], _ body: () async throws -> Void) async throws {
        let tasks = keepers.map { keeper in Task { await keeper.keeper.run() } }
        defer { for task in tasks { task.cancel() } }
        try await body()
    }

    @Test func `the route follows the lock, and stays where it is when nobody holds one`() async throws {
        let fixture = try await Fixture()
        let (first, second) = (Keeper(0, fixture), Keeper(1, fixture))
        try await running([first, second]) {
            first.believe(try Self.reign(0, epoch: 1))
            try await fixture.leads(to: "demo-0")
            first.believe(nil)
            second.believe(try Self.reign(1, epoch: 2))
            try await fixture.leads(to: "demo-1")
            second.believe(nil)
            first.believe(try Self.reign(0, epoch: 3))
            try await fixture.leads(to: "demo-0")
            #expect(try await fixture.route()?.reign?.epoch == 3)
        }
    }

    @Test func `a leader that wakes up after another has taken over writes nothing`() async throws {
        let fixture = try await Fixture()
        let (former, next) = (Keeper(0, fixture), Keeper(1, fixture))
        try await running([former, next]) {
            former.believe(try Self.reign(0, epoch: 1))
            try await fixture.leads(to: "demo-0")
            next.believe(try Self.reign(1, epoch: 2))
            try await fixture.leads(to: "demo-1")
            let route = try await fixture.route()
            // It believes in its lock all the time, and is told that something has changed again and again.
            for note in ["a", "b", "c"] {
                try await fixture.patch(["metadata": ["annotations": ["note": .string(note)]]])
                let version = try await fixture.route()?.version
                try await eventually("it has seen that", { former.keeper.seen?.version }) { $0 == version }
                former.believe(try Self.reign(0, epoch: 1))
            }
            let last = try await fixture.route()
            #expect(last?.members == ["demo-1"] && last?.reign == route?.reign)
            // Nor does it put what a hand has taken away in the place of the leader's.
            try await fixture.patch(["endpoints": []])
            try await fixture.leads(to: "demo-1")
        }
    }

    @Test func `a slice that was deleted is made again, by the leader whose lock is the later one`() async throws {
        let fixture = try await Fixture()
        let (former, next) = (Keeper(0, fixture), Keeper(1, fixture))
        try await running([former, next]) {
            next.believe(try Self.reign(1, epoch: 2))
            try await fixture.leads(to: "demo-1")
            former.believe(try Self.reign(0, epoch: 1))
            for _ in 0..<3 {
                try await fixture.client.deleteRaw(
                    fixture.resource, name: "demo-primary", namespace: fixture.store.scope.namespace)
                try await fixture.leads(to: "demo-1")
            }
        }
    }

    @Test func `of two lock objects the one a live read shows counts`() async throws {
        let fixture = try await Fixture()
        let (former, next) = (Keeper(0, fixture), Keeper(1, fixture))
        try await running([former, next]) {
            let old = try Self.reign(0, epoch: 57)
            former.believe(old, live: old)
            try await fixture.leads(to: "demo-0")
            // Somebody has deleted the lock; the new object counts from one.
            let new = try Self.reign(1, epoch: 1, object: "new lock")
            former.believe(old, live: new)
            next.believe(new, live: new)
            try await fixture.leads(to: "demo-1")
            try await eventually("the former leader has seen it", { former.keeper.seen?.reign }) { $0 == new }
            former.believe(old, live: new)
            try await fixture.patch(["metadata": ["annotations": ["note": "seen"]]])
            let version = try await fixture.route()?.version
            try await eventually("it has seen that", { former.keeper.seen?.version }) { $0 == version }
            #expect(try await fixture.route()?.members == ["demo-1"])
        }
    }
}
