import ClusterLab
import PostgresConfiguration
import Testing
import Units

struct TimelinePathTests {
    private func path(_ member: String, _ timeline: UInt32, _ history: String) -> TimelinePath {
        TimelinePath(
            member: member, timeline: Timeline(rawValue: timeline), history: TimelineHistory(parsing: history))
    }

    private let second = "1\t0/3000000\tno recovery target specified\n"

    @Test func `members that left the same timelines at the same places are on one path`() {
        let paths = [path("a", 2, second), path("b", 2, "1\t0/3000000\tby another reason\n")]
        #expect(TimelinePath.problems(paths, acknowledged: [Timeline(rawValue: 1), Timeline(rawValue: 2)]) == [])
    }

    @Test func `a member that left a timeline elsewhere is on another path`() {
        let paths = [path("a", 2, second), path("b", 2, "1\t0/3000060\tx\n")]
        #expect(TimelinePath.problems(paths, acknowledged: []).count == 1)
    }

    @Test func `a member that stayed on an older timeline is found`() {
        #expect(TimelinePath.problems([path("a", 2, second), path("b", 1, "")], acknowledged: []).count == 1)
    }

    @Test func `commits acknowledged on a timeline that was given up are found`() {
        let paths = [path("a", 3, "1\t0/3000000\tx\n")]
        #expect(TimelinePath.problems(paths, acknowledged: [Timeline(rawValue: 2)]).count == 1)
    }

    @Test func `a path whose timelines do not rise is none`() {
        #expect(TimelinePath.problems([path("a", 2, "3\t0/3000000\tx\n")], acknowledged: []).count == 1)
        #expect(TimelinePath.problems([], acknowledged: []).count == 1)
    }
}
