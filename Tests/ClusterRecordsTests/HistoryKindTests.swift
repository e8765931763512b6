import ClusterRecords
import HighAvailability
import KubernetesModels
import Testing
import Units

/// What led to the changes of the history, beside Patroni's form of it.
@Suite struct HistoryKindTests {
    private static func change(_ timeline: UInt32, _ leader: String?, _ kind: ChangeKind? = nil) -> TimelineSwitch {
        TimelineSwitch(
            timeline: Timeline(rawValue: timeline), position: LSN(rawValue: 0x500_0060), reason: "none",
            time: leader == nil ? nil : "2026-11-21T01:00:00.250000+00:00", newLeader: leader, kind: kind)
    }

    private static func read(_ list: [TimelineSwitch], kinds: String?) -> [TimelineSwitch] {
        TimelineSwitch.list(annotation: TimelineSwitch.annotation(list), kinds: kinds)
    }

    @Test func `a kind is read as it was written, and the history is Patroni's`() {
        for seed in Drawing.seeds {
            var drawing = Drawing(seed: seed)
            let list = (1...5).map {
                Self.change(
                    UInt32($0), drawing.maybe { $0.member() }, drawing.maybe { $0.one(of: ChangeKind.allCases) })
            }
            #expect(Self.read(list, kinds: TimelineSwitch.kindsAnnotation(list)) == list, "seed \(seed)")
            var plain = list
            for index in plain.indices { plain[index].kind = nil }
            #expect(TimelineSwitch.annotation(list) == TimelineSwitch.annotation(plain), "seed \(seed)")
            #expect(Self.read(list, kinds: nil) == plain, "seed \(seed)")
        }
    }

    @Test func `a kind is of one change, and of none that somebody wrote in its place`() {
        let kinds = TimelineSwitch.kindsAnnotation([Self.change(7, "demo-1", .switchover)])
        #expect(kinds == #"[[7,83886176,"demo-1","switchover"]]"#)
        #expect(Self.read([Self.change(7, "demo-1")], kinds: kinds).first?.kind == .switchover)
        #expect(Self.read([Self.change(7, "demo-2")], kinds: kinds).first?.kind == nil)
        #expect(Self.read([Self.change(8, "demo-1")], kinds: kinds).first?.kind == nil)
        var elsewhere = Self.change(7, "demo-1")
        elsewhere.position = LSN(rawValue: 0x500_0061)
        #expect(Self.read([elsewhere], kinds: kinds).first?.kind == nil)
    }

    @Test func `the kinds of the last changes are kept, and nothing is written where none is known`() throws {
        #expect(TimelineSwitch.kindsAnnotation([Self.change(1, "demo-0"), Self.change(2, "demo-1")]) == nil)
        let many = (1...500).map { Self.change($0, "demo-1", .failover) }
        let text = try #require(TimelineSwitch.kindsAnnotation(many))
        #expect(text.utf8.count < 16 << 10)
        let kinds = Self.read(many, kinds: text).map(\.kind)
        #expect(kinds.prefix(300).allSatisfy { $0 == nil } && kinds.suffix(200).allSatisfy { $0 == .failover })
    }

    @Test(
        arguments: Odd.texts + [
            #"[[7,83886176,"demo-1","an unheard-of kind"]]"#, #"[[7,83886176,"demo-1"]]"#, #"[[7]]"#,
            #"[[-1,83886176,"demo-1","failover"]]"#,
        ])
    func `what is no kind says nothing`(_ text: String) {
        #expect(Self.read([Self.change(7, "demo-1")], kinds: text) == [Self.change(7, "demo-1")])
    }
}
