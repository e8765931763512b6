import HighAvailability
import Testing
import Units

@Suite struct SituationTests {
    private static let policy = SynchronousPolicy(mode: .quorum, standbys: 1)
    private static let record = SynchronousState(leader: "demo-0", members: ["demo-1", "demo-2"], quorum: 1)

    private static func view(_ change: (inout ClusterView) -> Void = { _ in }) -> ClusterView {
        var view = Fixture.cluster(leader: "demo-0")
        view.configuration.synchronous = policy
        change(&view)
        return view
    }

    private static func standby(_ name: String, isStreaming: Bool = true, _ flushed: UInt64? = 1000) -> ConnectedStandby
    {
        ConnectedStandby(name: name, isStreaming: isStreaming, flushed: flushed.map { LSN(rawValue: $0) })
    }

    private static func situation(
        _ connected: [ConnectedStandby], in view: ClusterView = view(), record: SynchronousState? = record,
        names: SynchronousStandbyNames? = nil, since position: UInt64? = 1000
    ) -> SynchronousSituation {
        SynchronousSituation(
            of: "demo-0", in: view, record: record, names: names, connected: connected,
            inForceSince: position.map { LSN(rawValue: $0) })
    }

    @Test func `fit is who streams, runs, stays, is waited for and hangs on the primary itself`() {
        let both = [Self.standby("demo-1"), Self.standby("demo-2")]
        let rows: [(connected: [ConnectedStandby], change: (inout Member) -> Void, isFit: Bool)] = [
            (both, { _ in }, true),
            ([Self.standby("demo-1"), Self.standby("demo-2", isStreaming: false)], { _ in }, false),
            ([Self.standby("demo-1")], { _ in }, false),
            (both, { $0.state = .starting }, false),
            (both, { $0.isBeingDeleted = true }, false),
            (both, { $0.tags.isExcludedFromSynchronous = true }, false),
            (both, { $0.tags.streamsFromNobody = true }, false),
        ]
        for (number, row) in rows.enumerated() {
            let view = Self.view { view in
                if var member = view.members["demo-2"] {
                    row.change(&member)
                    view.members["demo-2"] = member
                }
            }
            let situation = Self.situation(row.connected, in: view)
            #expect(situation.fit == (row.isFit ? ["demo-1", "demo-2"] : ["demo-1"]), "row \(number)")
            #expect(Set(situation.picked) == situation.fit)
        }
    }

    @Test func `the primary itself, and a stranger that streams, are not waited for`() {
        let situation = Self.situation([Self.standby("demo-0"), Self.standby("demo-9"), Self.standby("demo-1")])
        #expect(situation.fit == ["demo-1"] && situation.picked == ["demo-1"])
    }

    @Test func `confirmed has who streams and has on disk what there was when the names came into force`() {
        let connected = [
            Self.standby("demo-1", 999), Self.standby("demo-2", 1000), Self.standby("demo-3", isStreaming: false, 2000),
            Self.standby("demo-4", nil),
        ]
        #expect(Self.situation(connected).confirmed == ["demo-2"])
        #expect(Self.situation(connected, since: nil).confirmed.isEmpty)
    }

    @Test func `of two connections of one standby the first says how it stands`() {
        let dying = Self.situation([Self.standby("demo-1", isStreaming: false), Self.standby("demo-1")])
        #expect(dying.fit.isEmpty)
        #expect(Self.situation([Self.standby("demo-1"), Self.standby("demo-1", isStreaming: false)]).fit == ["demo-1"])
    }

    @Test func `everything is confirmed once as many have it as commits wait for`() {
        let rows: [(SynchronousStandbyNames?, [ConnectedStandby], Bool)] = [
            (nil, [], true), (SynchronousStandbyNames.none, [], true),
            (SynchronousStandbyNames(.any, 1, of: ["demo-1", "demo-2"]), [Self.standby("demo-2")], true),
            (SynchronousStandbyNames(.any, 2, of: ["demo-1", "demo-2"]), [Self.standby("demo-2")], false),
            (SynchronousStandbyNames(.any, 1, of: ["demo-1"]), [Self.standby("demo-2")], false),
            (SynchronousStandbyNames(.any, 1, of: ["demo-1"]), [Self.standby("demo-1", 999)], false),
            (.blocking, [Self.standby("demo-1")], false),
        ]
        for (names, connected, isConfirmed) in rows {
            #expect(Self.situation(connected, names: names).isEverythingConfirmed == isConfirmed)
        }
    }

    // MARK: Who is awaited

    private static func awaits(
        _ connected: [ConnectedStandby], until: Duration? = .seconds(1), former: String? = nil,
        in view: ClusterView = view()
    ) -> (Bool, isOver: Bool) {
        var end = until.map { Fixture.now + $0 }
        let situation = situation(connected, in: view)
        let answer = situation.awaitsStandbys(until: &end, former: former, in: view, at: Fixture.now)
        return (answer, end == nil)
    }

    @Test func `a primary that has just begun awaits the recorded standbys, for a while`() {
        #expect(Self.awaits([Self.standby("demo-1")]) == (true, isOver: false))
        #expect(Self.awaits([Self.standby("demo-1"), Self.standby("demo-2")]) == (false, isOver: true))
        #expect(Self.awaits([], until: .zero) == (false, isOver: true))
        #expect(Self.awaits([], until: nil) == (false, isOver: true))
    }

    @Test func `nobody awaits the member the lock was taken from, nor one that leaves or has left`() {
        let connected = [Self.standby("demo-1")]
        #expect(Self.awaits(connected, former: "demo-2") == (false, isOver: true))
        let leavings: [(inout ClusterView) -> Void] = [
            { $0.members["demo-2"]?.isBeingDeleted = true }, { $0.members["demo-2"]?.state = .stopping },
            { $0.members["demo-2"] = nil },
        ]
        for leaving in leavings {
            #expect(Self.awaits(connected, in: Self.view(leaving)) == (false, isOver: true))
        }
    }

    @Test func `with the mode off nobody is awaited, and the wait goes on when it is on again`() {
        #expect(Self.awaits([], in: Self.view { $0.configuration.synchronous = .off }) == (false, isOver: false))
    }

    // MARK: Whose confirmations count

    @Test func `commits wait for whom the names have, and for whom a walsender still counts`() {
        let names = SynchronousStandbyNames(.any, 1, of: ["demo-1"])
        let counted = ConnectedStandby(name: "demo-2", isStreaming: true, flushed: nil, isCounted: true)
        #expect(awaitedStandbys(names, [Self.standby("demo-2")]) == ["demo-1"])
        #expect(awaitedStandbys(names, [counted]) == ["demo-1", "demo-2"])
        #expect(awaitedStandbys(nil, [counted]) == ["demo-2"])
        #expect(awaitedStandbys(.blocking, []).isEmpty)
    }

    @Test func `names are read when the sessions show them and each walsender counts by them`() {
        let names = SynchronousStandbyNames(.any, 1, of: ["demo-1"])
        func read(_ shown: String, counts first: Bool, _ second: Bool, isStreaming: Bool = true) -> Bool {
            names.areRead(
                showing: shown,
                [
                    ConnectedStandby(name: "demo-1", isStreaming: isStreaming, flushed: nil, isCounted: first),
                    ConnectedStandby(name: "demo-2", isStreaming: true, flushed: nil, isCounted: second),
                ])
        }
        #expect(read(names.description, counts: true, false))
        #expect(!read(names.description, counts: true, true))
        #expect(!read(names.description, counts: false, false))
        #expect(!read("", counts: true, false))
        #expect(read(names.description, counts: false, false, isStreaming: false))
    }
}
