import ClusterRecords
import Testing

@Suite struct StoreLayoutTests {
    @Test(arguments: [(LockObject.configMap, "demo-leader"), (.endpoints, "demo")])
    func `the store's objects bear Patroni's names`(_ kind: LockObject, _ leader: String) {
        let layout = StoreLayout(cluster: "demo", namespace: "databases", lockObject: kind)
        #expect(layout.leader == leader)
        #expect(layout.configuration == "demo-config")
        #expect(layout.failover == "demo-failover")
        #expect(layout.synchronization == "demo-sync")
    }

    @Test func `what the members list and watch carries what they select by`() {
        let layout = StoreLayout(cluster: "demo", namespace: "databases", lockObject: .configMap)
        #expect(layout.selector == "cluster-name=demo")
        #expect(layout.labels["cluster-name"] == "demo")
    }
}
