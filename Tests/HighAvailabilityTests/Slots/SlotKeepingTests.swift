import HighAvailability
import Testing
import Units

@Suite struct SlotKeepingTests {
    private static let retention = DynamicConfiguration().memberSlotRetention

    private static func slots(_ names: String...) -> Set<SlotName> { Set(names.map { SlotName(member: $0) }) }

    private static func view(_ names: [String] = ["demo-0", "demo-1", "demo-2"]) -> ClusterView {
        var view = Fixture.cluster(leader: "demo-0")
        view.members = view.members.filter { names.contains($0.key) }
        for name in names where name != "demo-0" {
            view.members[name]?.isStreaming = true
            view.members[name]?.timeline = Timeline(rawValue: 2)
        }
        return view
    }

    private static func keep(
        _ keeping: inout SlotKeeping, of me: String = "demo-0", _ view: ClusterView, missing: Set<String> = [],
        after elapsed: Duration = .zero
    ) -> Set<SlotName> {
        keeping.keep(for: me, leader: "demo-0", in: view, missing: missing, at: Fixture.now + elapsed)
    }

    @Test func `a leader keeps the slot of every member but itself, a standby none`() {
        var leader = SlotKeeping()
        #expect(Self.keep(&leader, Self.view()) == Self.slots("demo-1", "demo-2"))
        var standby = SlotKeeping()
        #expect(Self.keep(&standby, of: "demo-1", Self.view()).isEmpty)
    }

    @Test func `the slot of a member that left stays for its retention`() {
        var keeping = SlotKeeping()
        _ = Self.keep(&keeping, Self.view())
        let left = Self.view(["demo-0", "demo-1"])
        let both = Self.slots("demo-1", "demo-2")
        #expect(Self.keep(&keeping, left, after: Self.retention - .milliseconds(1)) == both)
        #expect(Self.keep(&keeping, left, after: Self.retention) == Self.slots("demo-1"))
        // It has been forgotten, and comes back.
        #expect(Self.keep(&keeping, Self.view(), after: Self.retention + .seconds(1)) == both)
    }

    @Test func `the slot of a member that streams from another now goes at once, unless that one is missing`() {
        var keeping = SlotKeeping()
        _ = Self.keep(&keeping, Self.view())
        var cascade = Self.view()
        cascade.members["demo-2"]?.tags.replicatesFrom = "demo-1"
        #expect(Self.keep(&keeping, cascade) == Self.slots("demo-1"))
        #expect(Self.keep(&keeping, cascade, missing: ["demo-1"]) == Self.slots("demo-1", "demo-2"))
        var upstream = SlotKeeping()
        #expect(Self.keep(&upstream, of: "demo-1", cascade) == Self.slots("demo-2"))
    }

    @Test func `slots a new leader finds are kept as if their members had just been seen, and are counted once`() {
        var keeping = SlotKeeping()
        keeping.count(Self.slots("demo-8"), at: Fixture.now)
        keeping.count(Self.slots("demo-9"), at: Fixture.now)
        let all = Self.slots("demo-1", "demo-2", "demo-8")
        #expect(Self.keep(&keeping, Self.view()) == all)
        #expect(Self.keep(&keeping, Self.view(), after: Self.retention - .milliseconds(1)) == all)
        #expect(Self.keep(&keeping, Self.view(), after: Self.retention) == Self.slots("demo-1", "demo-2"))
    }

    @Test func `counting makes no slot younger than its member was seen`() {
        var keeping = SlotKeeping()
        _ = Self.keep(&keeping, Self.view())
        keeping.count(Self.slots("demo-2"), at: Fixture.now + .seconds(60))
        #expect(Self.keep(&keeping, Self.view(["demo-0", "demo-1"]), after: Self.retention) == Self.slots("demo-1"))
    }
}
