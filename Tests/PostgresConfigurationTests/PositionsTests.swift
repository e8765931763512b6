import Testing
import Units

@testable import PostgresConfiguration

struct PositionsTests {
    @Test(arguments: [
        ("demo-0", "demo_0"), ("a.b-C", "a_b_c"), ("x y", "xu0032y"), ("é", "u0233"), ("", ""),
        (String(repeating: "a", count: 70), String(repeating: "a", count: 63)),
    ])
    func `a slot is named as Patroni names it`(member: String, slot: String) {
        #expect(SlotName(member: member).description == slot)
    }

    @Test func `a timeline history tells where a timeline ended`() {
        let history = TimelineHistory(
            parsing: "1\t0/5000098\tno recovery target specified\n\n# note\n2\t0/6000000\nrubbish\n")
        #expect(history.switches.count == 2)
        #expect(history.end(of: Timeline(rawValue: 1)) == LSN("0/5000098"))
        #expect(history.end(of: Timeline(rawValue: 2)) == LSN("0/6000000"))
        #expect(history.end(of: Timeline(rawValue: 3)) == nil)
    }

    @Test(arguments: [
        ("15\n", 15, 0), ("pg_controldata (PostgreSQL) 15.4 (Debian 15.4-1)", 15, 4), ("17beta1", 17, 0),
    ])
    func `versions are read from files and tools`(text: String, major: Int, minor: Int) {
        #expect(ServerVersion(text) == ServerVersion(major: major, minor: minor))
        #expect(ServerVersion(number: 150_004) == ServerVersion(major: 15, minor: 4))
        #expect(ServerVersion("no version") == nil)
    }

    /// Timeline 1 ended at 0/500 in the primary's history, which is on timeline 2 (or as given).
    @Test(arguments: [
        (1, "0/400", LocalHistoryEnd.Kind.received, 2, true),
        (1, "0/500", .received, 2, true),
        (1, "0/501", .received, 2, false),
        (1, "0/400", .shutdownCheckpoint, 2, true),
        (1, "0/500", .shutdownCheckpoint, 2, false),
        (2, "0/900", .received, 2, true),
        (2, "0/900", .shutdownCheckpoint, 2, false),
        (3, "0/600", .received, 2, false),
        (2, "0/600", .received, 3, false),
    ])
    func `a server follows only where its history is part of the other`(
        timeline: UInt32, position: String, kind: LocalHistoryEnd.Kind, upstream: UInt32, follows: Bool
    ) throws {
        let history = TimelineHistory(parsing: "1\t0/500\treason\n")
        let local = LocalHistoryEnd(
            timeline: Timeline(rawValue: timeline), position: try #require(LSN(position)), kind: kind)
        let divergence = local.divergence(fromTimeline: Timeline(rawValue: upstream), history: history)
        #expect((divergence == .none) == follows, "\(divergence)")
    }

    @Test
    func `a stopped primary follows a standby of its own timeline, which may lack its end, and no other primary of it`()
        throws
    {
        let local = LocalHistoryEnd(
            timeline: Timeline(rawValue: 2), position: try #require(LSN("0/900")), kind: .shutdownCheckpoint)
        let history = TimelineHistory(parsing: "1\t0/500\treason\n")
        func divergence(_ upstream: UInt32, isInRecovery: Bool) -> Divergence {
            local.divergence(
                fromTimeline: Timeline(rawValue: upstream), history: history, isInRecovery: isInRecovery)
        }
        #expect(divergence(2, isInRecovery: true) == .none)
        #expect(divergence(2, isInRecovery: false) != .none)
        // On another timeline a standby's history counts like a primary's.
        #expect(divergence(3, isInRecovery: true) != .none)
    }

    /// Own history, own timeline and position; upstream's timeline and history; where they parted.
    @Test(arguments: [
        ("", 1, "0/700", 2, "1\t0/500\tr\n", "0/500", "0/700"),
        ("", 1, "0/400", 2, "1\t0/500\tr\n", "0/500", "0/500"),
        ("1\t0/300\tr\n", 2, "0/700", 3, "1\t0/300\tr\n2\t0/600\tr\n", "0/600", "0/700"),
        // Both began a timeline 2, at different places.
        ("1\t0/300\tr\n", 2, "0/700", 2, "1\t0/400\tr\n", "0/300", "0/700"),
        ("1\t0/400\tr\n", 2, "0/700", 3, "1\t0/300\tr\n2\t0/600\tr\n", "0/300", "0/700"),
        // This one went on to a timeline the other never heard of.
        ("1\t0/300\tr\n2\t0/500\tr\n", 3, "0/900", 2, "1\t0/300\tr\n", "0/500", "0/900"),
    ])
    func `what a server leaves behind begins where the courses parted`(
        own: String, timeline: UInt32, position: String, upstream: UInt32, history: String, start: String, end: String
    ) throws {
        let local = LocalHistoryEnd(
            timeline: Timeline(rawValue: timeline), position: try #require(LSN(position)), kind: .shutdownCheckpoint)
        let abandoned = local.abandoned(
            own: TimelineHistory(parsing: own), upstream: Timeline(rawValue: upstream),
            history: TimelineHistory(parsing: history))
        #expect(
            abandoned
                == AbandonedWAL(
                    timeline: Timeline(rawValue: timeline), start: try #require(LSN(start)),
                    end: try #require(LSN(end))))
    }

    @Test func `nothing is shared of a timeline another member began, also where it began at the same place`() throws {
        let local = LocalHistoryEnd(
            timeline: Timeline(rawValue: 2), position: try #require(LSN("0/700")), kind: .shutdownCheckpoint)
        let own = TimelineHistory(parsing: "1\t0/300\tr\n")
        let history = TimelineHistory(parsing: "1\t0/300\tr\n2\t0/650\tr\n")
        let start = { (isBegunByAnother: Bool) in
            local.abandoned(
                own: own, upstream: Timeline(rawValue: 3), history: history, isBegunByAnother: isBegunByAnother
            ).start
        }
        #expect(start(false) == LSN("0/650"))
        #expect(start(true) == LSN("0/300"))
    }

    @Test func `commits are counted in what pg_waldump prints`() {
        let output = """
            WAL statistics between 0/3000110 and 0/3000278:
            Type                                           N      (%)          Record size      (%)
            ----                                           -      ---          -----------      ---
            Transaction/COMMIT                             2 ( 50.00)                   68 ( 50.00)
            Transaction/COMMIT_PREPARED                    1 ( 25.00)                   34 ( 25.00)
            Transaction/ABORT                              1 ( 25.00)                   34 ( 25.00)
                                                    --------                      --------
            Total                                          4                           136 [100%]
            """
        #expect(CommitCount(parsing: output).commits == 3)
        #expect(CommitCount(parsing: "").commits == 0)
    }

    @Test func `a standby's history ends at its minimum recovery point, a crashed primary's is not known`() throws {
        let standby = try #require(ControlData(parsing: ControlDataTests.output))
        #expect(
            LocalHistoryEnd(of: standby)
                == LocalHistoryEnd(
                    timeline: Timeline(rawValue: 3), position: try #require(LSN("A/B0")), kind: .received))
        let crashed = try #require(
            ControlData(parsing: ControlDataTests.output.replacing("shut down in recovery", with: "in production")))
        #expect(LocalHistoryEnd(of: crashed) == nil)
    }
}
