import ClusterRecords
import ControllerRuntime
import HighAvailability
import KubernetesModels
import OperatorPlan
import Testing

@testable import Operator

/// How long a lock has not changed, by the clock of the operator that looks.
@Suite struct LockAgesTests {
    private static let cluster = ResourceKey(namespace: "shop", name: "demo")
    private static let start = ContinuousClock.now

    private func lock(_ renewal: Int, leader: String? = "demo-0", ttl: String? = "20") -> LockRecord {
        var annotations = ["renewTime": "\(renewal)"]
        annotations["leader"] = leader
        annotations["ttl"] = ttl
        return LockRecord(version: "\(renewal)", annotations: annotations)
    }

    @Test func `a lock that is not renewed is overdue once, when it is no good any more`() {
        let ages = LockAges()
        ages.saw(lock(1), of: Self.cluster, at: Self.start)
        // The same again is no renewal.
        ages.saw(lock(1), of: Self.cluster, at: Self.start + .seconds(10))
        #expect(ages.overdue(at: Self.start + .seconds(23)) == [])
        #expect(ages.overdue(at: Self.start + .seconds(24)) == [Self.cluster])
        #expect(ages.overdue(at: Self.start + .seconds(28)) == [])
        let age = ages.look(at: lock(1), of: Self.cluster, at: Self.start + .seconds(29))
        #expect(age?.unchanged == .seconds(29))
    }

    @Test func `a renewal ends it, and asks for a look only when somebody was told`() {
        let ages = LockAges()
        ages.saw(lock(1), of: Self.cluster, at: Self.start)
        #expect(!ages.saw(lock(2), of: Self.cluster, at: Self.start + .seconds(10)))
        #expect(ages.overdue(at: Self.start + .seconds(24)) == [])
        #expect(ages.overdue(at: Self.start + .seconds(34)) == [Self.cluster])
        #expect(ages.saw(lock(3), of: Self.cluster, at: Self.start + .seconds(35)))
        #expect(ages.overdue(at: Self.start + .seconds(59)) == [Self.cluster])
    }

    @Test func `a renewal asks for a look also when a reconcile has told before anybody asked for one`() {
        let ages = LockAges()
        ages.saw(lock(1), of: Self.cluster, at: Self.start)
        let told = ages.look(at: lock(1), of: Self.cluster, at: Self.start + .milliseconds(23_500))
        #expect(told?.unchanged == .milliseconds(23_500))
        #expect(ages.saw(lock(2), of: Self.cluster, at: Self.start + .milliseconds(23_600)))
        #expect(!ages.saw(lock(3), of: Self.cluster, at: Self.start + .seconds(33)))
    }

    @Test func `what is read live outdoes a watch that stands still`() {
        let ages = LockAges()
        ages.saw(lock(1), of: Self.cluster, at: Self.start)
        let age = ages.look(at: lock(2), of: Self.cluster, at: Self.start + .seconds(60))
        #expect(age?.unchanged == .zero)
    }

    @Test func `an operator that could not look in time measures anew, and one that could goes on`() {
        let ages = LockAges()
        ages.saw(lock(1), of: Self.cluster, at: Self.start)
        #expect(ages.overdue(at: Self.start + .seconds(24)) == [Self.cluster])
        #expect(ages.look(at: lock(1), of: Self.cluster, at: Self.start + .seconds(60))?.unchanged == .zero)
        #expect(ages.overdue(at: Self.start + .seconds(83)) == [])
        #expect(ages.overdue(at: Self.start + .seconds(84)) == [Self.cluster])
        #expect(ages.look(at: lock(1), of: Self.cluster, at: Self.start + .seconds(85))?.unchanged == .seconds(25))
        #expect(ages.look(at: lock(1), of: Self.cluster, at: Self.start + .seconds(685))?.unchanged == .seconds(625))
    }

    @Test func `a lock nobody holds, and one that does not say how long it is good, are never overdue`() {
        let ages = LockAges()
        ages.saw(lock(1, leader: nil), of: Self.cluster, at: Self.start)
        ages.saw(lock(1, ttl: nil), of: ResourceKey(namespace: "shop", name: "other"), at: Self.start)
        #expect(ages.overdue(at: Self.start + .seconds(1_000_000)) == [])
    }

    @Test func `only the lock's object counts, whatever else has the cluster's label`() {
        let ages = LockAges()
        func change(_ name: String) -> StoreChange<ConfigMap> {
            .added(
                ConfigMap(
                    metadata: ObjectMeta(
                        name: name, namespace: "shop", labels: [Labels.cluster: "demo"],
                        annotations: ["leader": "demo-0", "renewTime": "1", "ttl": "20"])))
        }
        #expect(ages.noticed(change("demo-failover"), .configMap) == nil)
        #expect(ages.overdue(at: .now + .seconds(60)) == [])
        #expect(ages.noticed(change("demo-leader"), .configMap) == nil)
        #expect(ages.overdue(at: .now + .seconds(60)) == [Self.cluster])
    }
}
