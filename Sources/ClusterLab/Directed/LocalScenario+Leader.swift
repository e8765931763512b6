import Fence
import TestSupport
import Units

/// Faults of the leader.
extension LocalScenario {
    private static let noLateRows = Bar(.named(lateRows), maximum: 0)

    /// G1: the fence has to do it, as the agent cannot.
    public static let agentStopped = LocalScenario(
        "agent-stopped", "agent of the leader stopped for ttl + 20 s, a client pinned to it",
        bars: [noLateRows, Bar(.outage)]
    ) { cluster, scenario, _ in
        // The fence kills a server in the middle of its work: what it acknowledged last may not have been sent.
        try await cluster.replaceLeader(
            scenario, by: .stopAgent, for: cluster.profile.timings.ttl + .seconds(20),
            asynchronouslyTolerating: [.lossAtTheEnd])
    }

    public static let cutOff = LocalScenario(
        "leader-cut-off", "leader cut off from API server and members, a client on its side",
        bars: [noLateRows, Bar(.outage)]
    ) { cluster, scenario, _ in
        // What it acknowledged before its fence fell no standby could receive.
        try await cluster.replaceLeader(
            scenario, by: .isolate, for: cluster.profile.timings.ttl + .seconds(10), asynchronouslyTolerating: [.loss])
    }

    public static let postmasterStopped = LocalScenario(
        "postmaster-stopped", "postmaster of the leader stopped for ttl + 20 s", bars: [noLateRows, Bar(.outage)]
    ) { cluster, scenario, _ in
        try await cluster.replaceLeader(scenario, by: .stopPostmaster, for: cluster.profile.timings.ttl + .seconds(20))
    }

    public static let backendsStopped = LocalScenario(
        "backends-stopped", "the clients' backends of the leader stopped for 5 s, its agent for ttl + 10 s",
        bars: [noLateRows, Bar(.outage)]
    ) { cluster, scenario, _ in
        try await cluster.replaceLeader(
            scenario, by: .stopAgent, for: cluster.profile.timings.ttl + .seconds(10), beside: .stopBackends)
    }

    public static let memberFrozen = LocalScenario(
        "member-frozen", "leader frozen as a whole for ttl + 10 s",
        bars: [Bar(.outage, maximum: 11_500), Bar(.named(lateRows))]
    ) { cluster, scenario, _ in
        try await cluster.replaceLeader(
            scenario, by: .freeze, for: cluster.profile.timings.ttl + .seconds(10),
            asynchronouslyTolerating: [.loss, .lateness])
    }

    /// It keeps the lock, or its fence kills it and another takes over; never both at once.
    public static let leaderStarved = LocalScenario(
        "leader-starved", "20 ms of one processor in each second for the leader's whole member, for 2 ttl + 10 s",
        bars: [noLateRows, Bar(.named(roleChanges)), Bar(.named(throttled)), Bar(.outage)]
    ) { cluster, scenario, _ in
        try await cluster.starveLeader(scenario, by: .starve, for: cluster.profile.timings.ttl * 2 + .seconds(10))
    }

    public static let leaderStarvedOut = LocalScenario(
        "leader-starved-out", "4 ms of one processor in each second for the leader's whole member, for 2 ttl + 10 s",
        bars: [noLateRows, Bar(.named(roleChanges)), Bar(.named(lastBeforeLock)), Bar(.named(throttled)), Bar(.outage)]
    ) { cluster, scenario, _ in
        try await cluster.starveLeader(scenario, by: .starveOut, for: cluster.profile.timings.ttl * 2 + .seconds(10))
    }

    /// Seal before vote: no commit may be confirmed behind the election's back.
    public static let voteStorm = LocalScenario(
        "vote-storm",
        "agent and init of the leader stopped for ttl + 10 s, so that no fence falls; 7 clients pinned to it",
        bars: [noLateRows, Bar(.named(pastFence)), Bar(.named(lastBeforeLock)), Bar(.outage)], needsSynchronous: true
    ) { cluster, scenario, _ in
        try await cluster.voteUnderLoad(scenario, for: cluster.profile.timings.ttl + .seconds(10))
    }

    public static let initKilled = LocalScenario(
        "init-killed", "kill -9 of the leader's PID 1, started again at once",
        bars: [Bar(.outage, median: 1_500, maximum: 2_500), noLateRows]
    ) { cluster, scenario, _ in
        try await cluster.interrupt(scenario, by: .killInit)
    }

    public static let initKilledInBackOff = LocalScenario(
        "init-killed-back-off", "kill -9 of the leader's PID 1, its container in back-off for 10 s",
        bars: [Bar(.outage, median: 1_500, maximum: 2_500), noLateRows]
    ) { cluster, scenario, _ in
        await cluster.kubelet.holdBack([.seconds(10)])
        return try await cluster.interrupt(scenario, by: .killInit)
    }

    /// Nothing may wait for what the members are told.
    public static let slowCallback = LocalScenario(
        "slow-callback",
        "kill -9 of the leader's PID 1, its container in back-off for 10 s, callbacks that take a minute everywhere",
        bars: [Bar(.outage, median: 1_500, maximum: 2_500), noLateRows]
    ) { cluster, scenario, _ in
        await cluster.kubelet.holdBack([.seconds(10)])
        return try await cluster.interruptWithSlowCallbacks(scenario, by: .killInit)
    }

    public static let postmasterKilled = LocalScenario(
        "postmaster-killed", "kill -9 of the leader's postmaster",
        bars: [Bar(.outage, median: 800, maximum: 1_500), noLateRows]
    ) { cluster, scenario, _ in
        try await cluster.interrupt(scenario, by: .killPostmaster)
    }

    public static let switchover = LocalScenario(
        "switchover", "switchover asked for", bars: [Bar(.outage, median: 500, maximum: 1_000), noLateRows]
    ) { cluster, scenario, _ in
        try await cluster.interrupt(scenario, by: .switchover)
    }
}
