import ClusterRecords
import Testing
import Units

@Suite struct ScopeTests {
    private let scope = Scope(namespace: "databases", cluster: "demo")

    @Test(arguments: [(LockObject.configMap, "demo-leader"), (.endpoints, "demo")])
    func `the store's objects bear Patroni's names`(_ kind: LockObject, _ leader: String) {
        #expect(scope.storeLeader(kind) == leader)
        #expect(scope.storeConfiguration == "demo-config")
        #expect(scope.storeFailover == "demo-failover")
        #expect(scope.storeSynchronization == "demo-sync")
        #expect(scope.storeServices == ["demo-config", "demo-failover", "demo-sync"])
    }

    @Test func `what the members list and watch carries what they select by`() {
        #expect(scope.selector == "cluster-name=demo")
        #expect(Labels.all(cluster: scope.cluster, component: Component.store)["cluster-name"] == "demo")
    }

    @Test(arguments: 0...12)
    func `a member's name, its ordinal and its slot follow from each other`(ordinal: Int) {
        let member = scope.pod(ordinal)
        #expect(member == "demo-\(ordinal)")
        #expect(scope.ordinal(ofPod: member) == ordinal)
        #expect(SlotName(member: member).description == "\(scope.slotPrefix)\(ordinal)")
        #expect(scope.volumeClaim(ordinal) == "data-demo-\(ordinal)")
    }

    @Test(arguments: ["demo", "demo-", "demo-01", "demo-+1", "demo--1", "demo-1a", "demo-a-0", "other-0", ""])
    func `a Pod of another name is no member`(name: String) {
        #expect(scope.ordinal(ofPod: name) == nil)
    }

    @Test func `each family of addresses has a slice of its own`() {
        #expect(scope.routeSlice(RouteFamily(of: "10.0.0.7")) == "demo-primary")
        #expect(scope.routeSlice(RouteFamily(of: "fd00::7")) == "demo-primary-ipv6")
        #expect(scope.routeSlices == ["demo-primary", "demo-primary-ipv6"])
    }
}
