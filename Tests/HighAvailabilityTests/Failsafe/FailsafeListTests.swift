import HighAvailability
import Testing

@Suite struct FailsafeListTests {
    private static func entry(_ name: String, _ uid: String?) -> FailsafeList.Entry {
        FailsafeList.Entry(name: name, apiURL: "http://\(name):8008/patroni", podUID: uid)
    }

    private static let list = FailsafeList([entry("demo-0", "a"), entry("demo-1", "b")])

    private static func pod(_ name: String, _ uid: String) -> HolderIdentity {
        HolderIdentity(member: name, podUID: uid, nonce: "n")
    }

    @Test func `only the successor of a listed Pod asks whether anybody of the list is left`() {
        #expect(Self.list.isSucceeded(by: Self.pod("demo-0", "new")))
        #expect(!Self.list.isSucceeded(by: Self.pod("demo-0", "a")))
        #expect(!Self.list.isSucceeded(by: Self.pod("demo-2", "new")))
        // Of Patroni's entries only the name is known.
        #expect(!FailsafeList([Self.entry("demo-0", nil)]).isSucceeded(by: Self.pod("demo-0", "new")))
    }

    @Test func `a list is gone when no listed Pod exists, nor the holder's`() {
        let rows: [(existing: Set<String>, holder: String?, isGone: Bool)] = [
            ([], nil, true), (["new"], nil, true), (["a"], nil, false), (["b", "new"], nil, false),
            (["new"], "c", true), (["c"], "c", false),
        ]
        for row in rows {
            let holder = row.holder.map { Self.pod("demo-2", $0) }
            #expect(Self.list.isGone(existing: row.existing, holder: holder) == row.isGone, "\(row)")
        }
    }

    @Test func `a list with a Pod of which only the name is known is never gone`() {
        let list = FailsafeList([Self.entry("demo-0", "a"), Self.entry("demo-1", nil)])
        #expect(!list.isGone(existing: [], holder: nil))
    }

    @Test func `a leader records everybody who can be asked, itself as it knows itself, and nobody without failsafe`() {
        var view = Fixture.cluster(leader: "demo-0")
        for name in ["demo-0", "demo-1", "demo-2"] { view.members[name]?.apiURL = "http://\(name):8008/patroni" }
        let me = Self.entry("demo-0", "mine")
        #expect(FailsafeList.recorded(by: me, in: view) == nil)
        view.configuration.usesFailsafe = true
        let others = [Self.entry("demo-1", "uid-demo-1"), Self.entry("demo-2", "uid-demo-2")]
        #expect(FailsafeList.recorded(by: me, in: view) == FailsafeList([me, others[0], others[1]]))
        view.members["demo-1"]?.isBeingDeleted = true
        view.members["demo-2"]?.apiURL = nil
        #expect(FailsafeList.recorded(by: me, in: view) == FailsafeList([me]))
    }
}
