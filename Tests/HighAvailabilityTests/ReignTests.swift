import HighAvailability
import Testing
import Units

@Suite struct ReignTests {
    private let me = HolderIdentity(member: "demo-0", podUID: "u0", nonce: "n")
    private let other = HolderIdentity(member: "demo-1", podUID: "u1", nonce: "m")

    private func reign(_ holder: HolderIdentity?, epoch: Int64 = 4, object: String? = "o") -> Reign? {
        Reign(LockRecord(version: "a", leader: holder?.member, identity: holder, epoch: epoch, objectUID: object))
    }

    @Test func `only what was written after it began ends a reign`() throws {
        let twin = HolderIdentity(member: "demo-0", podUID: "u0-again", nonce: "n")
        let restarted = HolderIdentity(member: "demo-0", podUID: "u0", nonce: "later")
        let table: [(String, Reign?, Bool)] = [
            ("itself", reign(me), false),
            ("another holder of the next epoch", reign(other, epoch: 5), true),
            ("the next epoch, let go", reign(nil, epoch: 5), true),
            ("the same holder, anew", reign(me, epoch: 5), true),
            ("let go, or Patroni's", reign(nil), true),
            ("another holder of this epoch", reign(other), true),
            ("a twin", reign(twin), true),
            ("a later life of the agent", reign(restarted), true),
            ("a view that is behind", reign(other, epoch: 3), false),
            ("a view that is far behind", reign(nil, epoch: 0), false),
            ("a lock object that was deleted since", reign(other, epoch: 90, object: "former"), false),
        ]
        let own = try #require(reign(me))
        for (what, seen, isOver) in table {
            #expect(own.isOver(bySightOf: try #require(seen)) == isOver, "\(what)")
        }
        #expect(reign(me, object: nil) == nil && reign(me, object: "") == nil)
    }

    @Test func `it survives a header, and nonsense is none`() throws {
        for reign in [reign(me), reign(nil, epoch: 0), reign(other, epoch: LockRecord.epochs.upperBound)] {
            let reign = try #require(reign)
            #expect(Reign(reign.description) == reign)
        }
        #expect(reign(me)?.description == "o/4/demo-0/u0/n")
        #expect(reign(me, epoch: .max) == nil && Reign("o/9223372036854775807///") == nil)
        for text in ["", "o", "o/4", "o/4//", "/4///", "o/x///", "o/4/a//", "o/4//u/n", "o/4/a/u/", "o/4/a/u/n/x"] {
            #expect(Reign(text) == nil, "\(text)")
        }
    }
}
