import HighAvailability
import Testing
import Units

@Suite struct ShutdownTests {
    private static let position = LSN(rawValue: 900)

    @Test func `a member that does not lead leaves, a paused one keeps its lock, a standby leader lets go first`() {
        let timings = Timings.standard
        for isPaused in [true, false] {
            for isStandbyLeader in [true, false] {
                let plan = { (isLeader: Bool) in
                    Shutdown(isLeader: isLeader, isPaused: isPaused, isStandbyLeader: isStandbyLeader, timings)
                }
                #expect(plan(false) == .leave(within: timings.loopWait * 2))
                #expect(plan(true) == (isPaused ? .keepLock : isStandbyLeader ? .releaseThenStop : .handOver))
            }
        }
    }

    @Test func `a standby that stops waits three seconds at least for its leader to let it go`() {
        var timings = Timings.fast
        timings.loopWait = .seconds(1)
        #expect(
            Shutdown(isLeader: false, isPaused: false, isStandbyLeader: false, timings) == .leave(within: .seconds(3)))
    }

    @Test func `a lock is let go after a clean stop, or where only those may lead who have everything`() {
        let records: [(SynchronousState?, restricts: Bool)] = [
            (nil, false), (SynchronousState(leader: nil), false),
            (SynchronousState(leader: "demo-1", members: ["demo-2"]), false),
            (SynchronousState(leader: "demo-0"), true),
            (SynchronousState(leader: "demo-0", members: ["demo-1", "demo-2"], quorum: 1), true),
        ]
        for (record, restricts) in records {
            #expect(Shutdown.mayLetGo(shutdownCheckpoint: Self.position, record: record, by: "demo-0"))
            #expect(Shutdown.mayLetGo(shutdownCheckpoint: nil, record: record, by: "demo-0") == restricts)
        }
    }

    // MARK: Time

    @Test func `a leader that has to end stops its server early enough for the heir to receive the rest`() {
        let now = Fixture.now
        // The Pod's 60 s less what is kept back, and whatever primary_stop_timeout says beyond that.
        #expect(Shutdown.stopTime(until: now + Shutdown.time, at: now) == .seconds(50))
        // The checkpoint and the wait for an heir have had nearly all of it.
        #expect(Shutdown.stopTime(until: now + .seconds(3), at: now) == .seconds(1))
        #expect(Shutdown.stopTime(until: now - .seconds(3), at: now) == .seconds(1))
        #expect(Shutdown.stopTime(until: nil, at: now) == .seconds(600))
    }

    @Test func `a fast stop has what the settings say, 30 s where they say nothing, and never more than there is`() {
        let rows: [(configured: Duration, longest: Duration, limit: Duration)] = [
            (.zero, .seconds(600), .seconds(30)), (.seconds(90), .seconds(600), .seconds(90)),
            (.seconds(90), .seconds(50), .seconds(50)), (.zero, .seconds(1), .seconds(1)),
        ]
        for row in rows {
            #expect(Shutdown.stopLimit(configured: row.configured, longest: row.longest) == row.limit)
        }
    }

    // MARK: The heir

    @Test func `a record restricts whom a leader hands over to, and not whom one does that has to stop`() {
        let rows: [(SynchronousState, electable: Set<String>?, onLeaving: Set<String>?)] = [
            (SynchronousState(leader: nil), nil, nil), (SynchronousState(leader: "demo-0"), [], nil),
            (SynchronousState(leader: "demo-0", members: ["demo-1"]), ["demo-1"], ["demo-1"]),
        ]
        for (record, electable, onLeaving) in rows {
            #expect(record.electable == electable)
            #expect(record.electableOnLeaving == onLeaving)
        }
    }

    @Test func `a leader vouches in its own record alone, for an heir it lacks`() {
        let vouched = SynchronousState(leader: "demo-0", members: ["demo-1"])
        #expect(SynchronousState(leader: "demo-0").vouching(for: "demo-1", by: "demo-0") == vouched)
        let others = SynchronousState(leader: "demo-0", members: ["demo-2", "demo-3"], quorum: 1)
        #expect(others.vouching(for: "demo-1", by: "demo-0") == vouched)
        #expect(vouched.vouching(for: "demo-1", by: "demo-0") == nil)
        #expect(SynchronousState(leader: "demo-2").vouching(for: "demo-1", by: "demo-0") == nil)
        #expect(SynchronousState(leader: nil).vouching(for: "demo-1", by: "demo-0") == nil)
    }
}
