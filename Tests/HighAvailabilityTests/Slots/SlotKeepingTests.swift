import HighAvailability
import Testing
import Units

@Suite struct SlotKeepingTests {
    private static let retention = DynamicConfiguration().memberSlotRetention
    private static let moment = Duration.milliseconds(1)

    private static func slots(_ names: String...) -> Set<SlotName> { Set(names.map { SlotName(member: $0) }) }

    private static func view(
        _ names: [String] = ["demo-0", "demo-1", "demo-2"], instances: Int? = nil
    ) -> ClusterView {
        var view = Fixture.cluster(leader: "demo-0")
        view.members = view.members.filter { names.contains($0.key) }
        view.configuration.instances = instances
        for name in names where name != "demo-0" {
            view.members[name]?.isStreaming = true
            view.members[name]?.timeline = Timeline(rawValue: 2)
        }
        return view
    }

    /// A member, and a server that has the slots it is told to have.
    private struct Keeper {
        var me = "demo-0"
        var keeping = SlotKeeping()
        var found: Set<SlotName> = []
        var active: Set<SlotName> = []
        var drops = true

        mutating func keep(
            _ view: ClusterView, missing: Set<String> = [], after elapsed: Duration = .zero
        ) -> Set<SlotName> {
            let now = Fixture.now + elapsed
            let looks = found.union(active).map { FoundSlot($0, isActive: active.contains($0)) }
            keeping.look(at: looks, isLeader: me == "demo-0", at: now)
            let wanted = keeping.keep(for: me, leader: "demo-0", in: view, missing: missing, at: now)
            if mustChangeSlots(looks, to: wanted, drops: drops) {
                keeping.noteChange(to: wanted, drops: drops)
                found = drops ? wanted.union(active) : wanted.union(found)
            }
            return wanted
        }
    }

    @Test func `a leader keeps the slot of every member but itself, a standby none`() {
        var leader = Keeper()
        #expect(leader.keep(Self.view()) == Self.slots("demo-1", "demo-2"))
        var standby = Keeper(me: "demo-1")
        #expect(standby.keep(Self.view()).isEmpty)
    }

    @Test(arguments: [true, false])
    func `a member over whose slot nobody streams keeps WAL for its retention, whether it has a Pod or not`(
        _ hasPod: Bool
    ) {
        var leader = Keeper(active: Self.slots("demo-1", "demo-2"))
        let both = Self.slots("demo-1", "demo-2")
        #expect(leader.keep(Self.view()) == both)
        // As long as they stream, time is nothing.
        #expect(leader.keep(Self.view(), after: .seconds(86_400)) == both)
        let left = hasPod ? Self.view() : Self.view(["demo-0", "demo-1"])
        leader.active = Self.slots("demo-1")
        let since = Duration.seconds(86_400)
        #expect(leader.keep(left, after: since + Self.retention - Self.moment) == both)
        #expect(leader.keep(left, after: since + Self.retention) == Self.slots("demo-1"))
        // It is not made again as long as nothing is heard of it.
        for hours in 1...3 {
            #expect(leader.keep(left, after: since + Self.retention + .seconds(3600 * hours)) == Self.slots("demo-1"))
        }
    }

    @Test func `a member that is back has its slot again`() {
        let back = Self.retention * 2
        func away() -> Keeper {
            var leader = Keeper(active: Self.slots("demo-1"))
            _ = leader.keep(Self.view())
            _ = leader.keep(Self.view(), after: Self.retention)
            #expect(leader.keep(Self.view(), after: back) == Self.slots("demo-1"))
            return leader
        }
        let both = Self.slots("demo-1", "demo-2")
        // It had the slot made itself, which nobody streams over yet.
        var asked = away()
        asked.found.formUnion(Self.slots("demo-2"))
        #expect(asked.keep(Self.view(), after: back + .seconds(1)) == both)
        #expect(asked.keep(Self.view(), after: back + Self.retention) == both)
        #expect(asked.keep(Self.view(), after: back + Self.retention + .seconds(1)) == Self.slots("demo-1"))
        // Another Pod has its name.
        var replaced = away()
        var view = Self.view()
        view.members["demo-2"]?.podUID = "another"
        #expect(replaced.keep(view, after: back) == both)
        // It is copied, perhaps from another standby: what is written meanwhile it will need.
        var copied = away()
        view = Self.view()
        view.members["demo-2"]?.state = .creatingReplica
        #expect(copied.keep(view, after: back) == both)
        view.members["demo-2"]?.isBeingDeleted = true
        #expect(copied.keep(view, after: back + Self.retention) == Self.slots("demo-1"))
    }

    @Test func `a copy that fails again and again is heard of once, and keeps WAL for the retention`() {
        var leader = Keeper(active: Self.slots("demo-1"))
        var view = Self.view()
        for name in view.members.keys { view.members[name]?.work = 0 }
        let (one, both) = (Self.slots("demo-1"), Self.slots("demo-1", "demo-2"))
        #expect(leader.keep(view) == both)
        let begin = Self.retention / 2
        // It says so in every look, also when its node has died; its Pod may be seen without it for a moment.
        func look(after elapsed: Duration, _ state: MemberState? = .creatingReplica) -> Set<SlotName> {
            view.members["demo-2"]?.state = state
            return leader.keep(view, after: elapsed)
        }
        for step in 0..<8 {
            #expect(look(after: begin + Self.retention / 8 * step) == both)
            #expect(look(after: begin + Self.retention / 8 * step, nil) == both)
        }
        for step in 0...3 { #expect(look(after: begin + Self.retention + .seconds(3600 * step)) == one) }
        // One that succeeded and was followed by another.
        #expect(look(after: Self.retention * 20, .running) == one)
        #expect(look(after: Self.retention * 20) == both)
        // A leader that has just begun.
        var next = Keeper(active: Self.slots("demo-1"))
        #expect(next.keep(view) == both)
        #expect(next.keep(view, after: Self.retention) == one)
    }

    @Test func `with no retention at all only slots that are in use, or were asked for a moment ago, are kept`() {
        var leader = Keeper(active: Self.slots("demo-1"))
        var view = Self.view()
        view.configuration.memberSlotRetention = .zero
        let (one, both) = (Self.slots("demo-1"), Self.slots("demo-1", "demo-2"))
        #expect(leader.keep(view) == one)
        #expect(leader.keep(view, after: .seconds(86_400)) == one)
        // Its walreceiver comes within five seconds.
        leader.found.formUnion(Self.slots("demo-2"))
        #expect(leader.keep(view, after: .seconds(86_401)) == both)
        #expect(leader.keep(view, after: .seconds(86_410)) == both)
        leader.active = both
        #expect(leader.keep(view, after: .seconds(86_500)) == both)
        leader.active = one
        #expect(leader.keep(view, after: .seconds(86_501)) == one)
    }

    @Test func `a member that is at work keeps its slot, one that says for ever what it said last does not`() {
        var leader = Keeper(active: Self.slots("demo-1", "demo-2"))
        var view = Self.view()
        for name in view.members.keys { view.members[name]?.work = 0 }
        let both = Self.slots("demo-1", "demo-2")
        #expect(leader.keep(view) == both)
        leader.active = Self.slots("demo-1")
        for step in 1...6 {
            view.members["demo-2"]?.work = step
            #expect(leader.keep(view, after: Self.retention / 2 * step) == both)
        }
        let last = Self.retention * 3
        #expect(leader.keep(view, after: last + Self.retention - Self.moment) == both)
        #expect(leader.keep(view, after: last + Self.retention) == Self.slots("demo-1"))
        // Its Pod is seen without what it says: no news.
        view.members["demo-2"]?.work = nil
        #expect(leader.keep(view, after: last + Self.retention) == Self.slots("demo-1"))
        view.members["demo-2"]?.work = 6
        #expect(leader.keep(view, after: last + Self.retention) == Self.slots("demo-1"))
        view.members["demo-2"]?.work = 7
        #expect(leader.keep(view, after: last + Self.retention) == both)
    }

    @Test func `a member that asks for its slot and never streams keeps a minute of WAL, until it is at work`() {
        var leader = Keeper(active: Self.slots("demo-1"))
        var view = Self.view()
        let (one, both) = (Self.slots("demo-1"), Self.slots("demo-1", "demo-2"))
        _ = leader.keep(view)
        #expect(leader.keep(view, after: Self.retention) == one)
        var now = Self.retention
        func ask(_ limit: Duration) {
            leader.found.formUnion(Self.slots("demo-2"))
            #expect(leader.keep(view, after: now) == both)
            #expect(leader.keep(view, after: now + limit - Self.moment) == both)
            #expect(leader.keep(view, after: now + limit) == one)
            now += limit + .seconds(10)
        }
        ask(Self.retention)
        for _ in 1...3 { ask(.seconds(60)) }
        // It has streamed for a moment.
        leader.active = both
        _ = leader.keep(view, after: now)
        leader.active = one
        #expect(leader.keep(view, after: now + Self.retention - Self.moment) == both)
        #expect(leader.keep(view, after: now + Self.retention) == one)
        now += Self.retention
        ask(Self.retention)
        ask(.seconds(60))
        view.members["demo-2"]?.work = 1
        #expect(leader.keep(view, after: now) == both)
        #expect(leader.keep(view, after: now + Self.retention - Self.moment) == both)
    }

    @Test func `a member of a former version does not ask, and keeps its slot as long as its Pod is there`() {
        var leader = Keeper(active: Self.slots("demo-1", "demo-2"))
        var view = Self.view()
        view.members["demo-1"]?.work = 0
        for name in ["demo-1", "demo-2"] { view.members[name]?.provesMembership = true }
        _ = leader.keep(view)
        leader.active = []
        #expect(leader.keep(view, after: Self.retention * 3) == Self.slots("demo-2"))
        view.members["demo-2"] = nil
        #expect(leader.keep(view, after: Self.retention * 3).isEmpty)
    }

    /// How often it is told, of looks at so many quarters of the retention.
    private func count(
        _ looks: [(WorkKeeping.Work?, Int)], retention: Duration = SlotKeepingTests.retention,
        failing: Set<Int> = [], succeeding: Set<Int> = []
    ) -> Int {
        var keeping = WorkKeeping()
        var former: Int?
        for (work, quarters) in looks {
            var number: Int?
            if case .action(let action) = work { number = action }
            if let former, former != number {
                if failing.contains(former) { keeping.noteEnd(ofAction: former, hasFailed: true) }
                if succeeding.contains(former) { keeping.noteEnd(ofAction: former, hasFailed: false) }
            }
            keeping.look(at: work, now: Fixture.now + Self.retention / 4 * quarters, retention: retention)
            former = number
        }
        return keeping.count
    }

    @Test func `an action that lasts and fails again and again is told twice, and one that succeeds ends the row`() {
        let looks: [(WorkKeeping.Work?, Int)] = (0..<6).flatMap { action in
            [(.action(action), action * 3), (.action(action), action * 3 + 2)]
        }
        #expect(count(looks) == 6)
        #expect(count(looks, failing: [0, 1, 2, 3, 4, 5]) == 2)
        #expect(count(looks, failing: [0, 2, 4], succeeding: [1, 3]) == 6)
        // Those that fail within moments, as long as the source is not there, say nothing of the one that lasts.
        let moments: [(WorkKeeping.Work?, Int)] = (0..<6).map { (.action($0), $0) }
        #expect(count(moments + [(.action(6), 6), (.action(6), 7)], failing: [0, 1, 2, 3, 4, 5]) == 1)
    }

    @Test func `WAL that is replayed is told although actions of a moment come between, and not when it begins anew`() {
        func at(_ position: UInt64) -> WorkKeeping.Work { .replaying(LSN(rawValue: position)) }
        #expect(count([(at(1), 0), (.action(1), 0), (at(2), 0), (.action(2), 0), (at(3), 1), (.action(3), 1)]) == 1)
        // A server that ends while it replays.
        #expect(count([(at(1), 0), (at(3), 0), (.action(1), 1), (at(1), 1), (at(2), 1), (at(0), 2), (at(1), 2)]) == 0)
        #expect(count([(at(3), 0), (at(1), 1), (at(2), 2)]) == 1)
        // It streamed between.
        #expect(count([(at(1), 0), (nil, 1), (at(2), 2)]) == 0)
    }

    @Test func `nothing is told when nothing is kept, and never more than once a second`() {
        let looks: [(WorkKeeping.Work?, Int)] = [(.action(1), 0), (.action(1), 1), (.action(1), 2)]
        #expect(count(looks, retention: .zero) == 0)
        var keeping = WorkKeeping()
        for tenth in 0...50 {
            keeping.look(at: .action(1), now: Fixture.now + .milliseconds(tenth * 100), retention: .seconds(1))
        }
        #expect(keeping.count == 5)
    }

    @Test func `only work that goes on is told: one action, one start, WAL that is replayed`() {
        func at(_ position: UInt64) -> WorkKeeping.Work { .replaying(LSN(rawValue: position)) }
        #expect(count([(.action(1), 0), (.action(1), 1), (.action(1), 2)]) == 2)
        #expect(count([(.starting(7), 0), (.starting(7), 1)]) == 1)
        #expect(count([(at(1), 0), (at(2), 0), (at(3), 1), (at(4), 2)]) == 2)
        // Again and again, each of them for a moment.
        #expect(count([(.action(1), 0), (.action(2), 1), (.action(3), 2)]) == 0)
        #expect(count([(.starting(7), 0), (.starting(8), 1)]) == 0)
        #expect(count([(.action(1), 0), (nil, 1), (.action(1), 2)]) == 0)
        // It waits.
        #expect(count([(at(1), 0), (at(1), 1), (at(1), 9)]) == 0)
        #expect(count([(at(1), 0), (at(1), 5), (at(2), 6)]) == 1)
        #expect(count([(nil, 0), (nil, 9)]) == 0)
    }

    @Test func `the slot of a member that was removed goes at once, that of one whose Pod is made anew stays`() {
        var leader = Keeper(active: Self.slots("demo-1", "demo-2"))
        _ = leader.keep(Self.view(instances: 3))
        leader.active = Self.slots("demo-1")
        let left = ["demo-0", "demo-1"]
        #expect(leader.keep(Self.view(left, instances: 3), after: Self.moment) == Self.slots("demo-1", "demo-2"))
        // Its Pod is still there: it streams until it goes.
        #expect(leader.keep(Self.view(instances: 2), after: Self.moment) == Self.slots("demo-1", "demo-2"))
        #expect(leader.keep(Self.view(left, instances: 2), after: Self.moment) == Self.slots("demo-1"))
        // Nobody says how many there are to be, as in a store of Patroni's.
        var other = Keeper(active: Self.slots("demo-2"))
        _ = other.keep(Self.view())
        #expect(other.keep(Self.view(left), after: Self.moment) == Self.slots("demo-1", "demo-2"))
    }

    @Test func `the slot of a member that streams from another now goes at once, unless that one is missing`() {
        var leader = Keeper()
        _ = leader.keep(Self.view())
        var cascade = Self.view()
        cascade.members["demo-2"]?.tags.replicatesFrom = "demo-1"
        #expect(leader.keep(cascade) == Self.slots("demo-1"))
        #expect(leader.keep(cascade, missing: ["demo-1"]) == Self.slots("demo-1", "demo-2"))
        var upstream = Keeper(me: "demo-1")
        #expect(upstream.keep(cascade) == Self.slots("demo-2"))
    }

    @Test
    func `slots a new leader finds are kept as if their members had just been seen, a standby's of its own time go`() {
        var leader = Keeper(found: Self.slots("demo-8"))
        let all = Self.slots("demo-1", "demo-2", "demo-8")
        #expect(leader.keep(Self.view()) == all)
        #expect(leader.keep(Self.view(), after: Self.retention - Self.moment) == all)
        leader.active = Self.slots("demo-1", "demo-2")
        #expect(leader.keep(Self.view(), after: Self.retention) == Self.slots("demo-1", "demo-2"))
        var standby = Keeper(me: "demo-1", found: Self.slots("demo-8"))
        #expect(standby.keep(Self.view()).isEmpty)
    }

    @Test func `what may not go while paused goes with the resume, and not a retention later`() {
        let both = Self.slots("demo-1", "demo-2")
        var leader = Keeper(found: both, active: both)
        _ = leader.keep(Self.view())
        leader.active = Self.slots("demo-1")
        leader.drops = false
        for step in 0...4 {
            let wanted = leader.keep(Self.view(["demo-0", "demo-1"]), after: Self.retention + .seconds(step * 3600))
            #expect(wanted == Self.slots("demo-1") && leader.found == Self.slots("demo-1", "demo-2"))
        }
    }

    @Test(
        arguments: [
            (["a", "b"], [], [], ["a", "b"], true, false), (["a"], [], [], ["a", "b"], true, true),
            (["a"], [], [], ["a", "b"], false, true), (["a", "b"], [], [], ["a"], true, true),
            (["a", "b"], [], [], ["a"], false, false), (["a", "b"], ["b"], [], ["a"], true, false),
            (["a", "b"], [], ["b"], ["a", "b"], true, true), (["a", "b"], [], ["b"], ["a", "b"], false, false),
        ] as [([String], Set<String>, Set<String>, [String], Bool, Bool)])
    func `a server's slots are changed by what it has, not by what it was told before`(
        _ found: [String], _ active: Set<String>, _ lost: Set<String>, _ wanted: [String], _ drops: Bool,
        _ isChanged: Bool
    ) {
        let found = found.map {
            FoundSlot(SlotName(member: $0), isActive: active.contains($0), isLost: lost.contains($0))
        }
        #expect(mustChangeSlots(found, to: Set(wanted.map { SlotName(member: $0) }), drops: drops) == isChanged)
    }

    @Test func `a standby that receives nothing asks for its slot where it is to stream from`() {
        func asks(_ change: (inout Observation) -> Void = { _ in }) -> String? {
            var server = Fixture.running()
            server.isStreaming = false
            return sourceToAskForSlot(
                Fixture.observation(lock: .held(by: "demo-1"), server: .standby(server), leader: "demo-1") {
                    $0.followed = FollowedLeader(name: "demo-1", epoch: 3, host: "10.0.0.1", port: 5432)
                    $0.notStreamingSince = Fixture.now - Grace.courseCheck
                    change(&$0)
                })
        }
        #expect(asks() == "demo-1")
        #expect(asks { $0.cluster.configuration.isPaused = true } == "demo-1")
        #expect(asks { $0.followed?.source = "demo-2" } == "demo-2")
        #expect(asks { $0.followed?.source = nil } == nil)
        #expect(asks { $0.notStreamingSince = Fixture.now - Grace.courseCheck + Self.moment } == nil)
        #expect(asks { $0.notStreamingSince = nil } == nil)
        #expect(asks { $0.activity = .rejoining } == nil)
        #expect(asks { $0.lock = .expired(holder: "demo-1") } == nil)
        #expect(asks { $0.followed?.name = "demo-2" } == nil)
        #expect(asks { $0.cluster.configuration.usesSlots = false } == nil)
        #expect(asks { $0.cluster.members["demo-1"] = nil } == nil)
        #expect(asks { $0.server = Fixture.stopped(wasPrimary: false) } == nil)
    }

    @Test(
        arguments: [("demo-12", 12), ("demo-0", 0), ("demo", nil), ("demo-", nil), ("demo-x1", nil)] as [(String, Int?)]
    )
    func `a slot has its member's number`(_ member: String, _ ordinal: Int?) {
        #expect(SlotName(member: member).ordinal == ordinal)
    }
}
