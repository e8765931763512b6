public import PostgresConfiguration
public import Units

/// The timelines one member has come along, as its history file tells.
public struct TimelinePath: Hashable, Sendable {
    public let member: String
    public let timeline: Timeline
    /// Where it left each timeline before.
    public let history: TimelineHistory

    public init(member: String, timeline: Timeline, history: TimelineHistory) {
        self.member = member
        self.timeline = timeline
        self.history = history
    }

    /// What is wrong with the members' paths; empty when all have come along one.
    ///
    /// - Parameter acknowledged: timelines on which commits were acknowledged; the path must lead over each.
    public static func problems(_ paths: [TimelinePath], acknowledged: [Timeline]) -> [String] {
        guard let first = paths.first else { return ["no member told its timeline"] }
        var problems = paths.dropFirst().filter {
            $0.timeline != first.timeline || $0.history.switches.map(\.place) != first.history.switches.map(\.place)
        }.map { "\($0.member) has come along \($0.text), \(first.member) along \(first.text)" }
        let stations = first.history.switches.map(\.timeline) + [first.timeline]
        if stations != stations.sorted() || Set(stations).count != stations.count {
            problems.append("\(first.member)'s timelines do not rise: \(first.text)")
        }
        for timeline in acknowledged where !stations.contains(timeline) {
            problems.append("commits were acknowledged on timeline \(timeline), which is not on the path \(first.text)")
        }
        return problems
    }

    private var text: String {
        (history.switches.map { "\($0.timeline) until \($0.position)" } + ["\(timeline)"]).joined(separator: ", ")
    }
}

extension TimelineHistory.Switch {
    /// Without the reason, which is for people.
    fileprivate var place: String { "\(timeline) \(position)" }
}
