import TestSupport
import Units

/// Steps and differences of clocks: nobody may be demoted by them (G3), and nobody may be elected later or earlier for them.
extension LocalScenario {
    private static let nothingHappens = [
        Bar(.named(roleChanges), maximum: 0), Bar(.named(errors), maximum: 0), Bar(.named(lostRows), maximum: 0),
    ]
    /// Of the first container of each member, and of those that follow.
    private static let bootTimes: [Duration] = [.zero, .seconds(100), .seconds(200)]

    public static let leaderClockStepped = LocalScenario(
        "clock-leader", "wall clock of the leader 1 h ahead, then 1 h behind, then right, each for ttl + 2 s",
        bars: nothingHappens, clocks: .own()
    ) { cluster, scenario, _ in
        try await cluster.stepWallClock(scenario) { $0.leader }
    }

    public static let standbyClockStepped = LocalScenario(
        "clock-standby", "wall clock of a standby 1 h ahead, then 1 h behind, then right, each for ttl + 2 s",
        bars: nothingHappens, clocks: .own()
    ) { cluster, scenario, _ in
        try await cluster.stepWallClock(scenario) { $0.standbys.first ?? $0.leader }
    }

    public static let bootTimesApart = LocalScenario(
        "boot-times", "boot times of the members 100 s apart for 2 ttl", bars: nothingHappens,
        clocks: .own(bootTimes: bootTimes)
    ) { cluster, scenario, _ in
        try await cluster.liveApart(scenario, for: cluster.profile.timings.ttl * 2)
    }

    /// A lock that is judged by wall clocks is taken too early or an hour late.
    public static let clocksApartFailover = LocalScenario(
        "clocks-apart-frozen",
        "leader frozen as a whole for ttl + 10 s, boot times 100 s apart, wall clocks of the others stepped ±1 h",
        bars: [Bar(.outage, maximum: 11_500), Bar(.named(lastBeforeLock)), Bar(.named(lateRows))],
        clocks: .own(bootTimes: bootTimes)
    ) { cluster, scenario, _ in
        try await cluster.failOverWithClocksApart(scenario)
    }
}
