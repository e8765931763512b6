public import HighAvailability
import Units

// What situations are made of. A branch of `decide` that no situation reaches needs a lock, a server or a deviation here.
extension Situation {
    public static let locks: [Named<LockStanding>] = [
        Named("mine", .mine(until: now + .seconds(15))),
        Named("held by demo-1", .held(by: "demo-1")),
        Named("run out", .expired(holder: "demo-1")),
        Named("released, no heir", .released(heir: nil, since: now)),
        Named("released to this member", .released(heir: "demo-0", since: now)),
        Named("released to demo-1 just now", .released(heir: "demo-1", since: now)),
        Named("released to demo-1 long ago", .released(heir: "demo-1", since: BootInstant(nanoseconds: 0))),
        Named("its holder died just now", .holderDied(holder: "demo-1", since: now, restartsAtOnce: true)),
        Named("its holder died and does not restart", .holderDied(holder: "demo-1", since: now, restartsAtOnce: false)),
        Named("never taken", .neverTaken),
        Named("mine, of an earlier life of this agent", .mineFromEarlierLife),
    ]

    public static let servers: [Named<ServerState>] = [
        Named("no data", .noData),
        Named("data that is unusable", .unusable(reason: "PG_VERSION cannot be read")),
        Named("data left incomplete", .damaged(by: "pg_rewind")),
        Named("primary, shut down in order", stopped(wasPrimary: true)),
        Named("primary, crashed", stopped(wasPrimary: true, isClean: false)),
        Named("primary, shut down in order, timeline behind", stopped(wasPrimary: true, timeline: 1)),
        Named("standby, stopped", stopped(wasPrimary: false)),
        Named("starting", .starting(systemIdentifier: identifier)),
        Named("primary, running", .primary(running())),
        Named("primary, running, timeline behind", .primary(running(timeline: 1))),
        Named("standby, running", .standby(running())),
        Named("standby, running, replay paused for its settings", .standby(running(isReplayPaused: true))),
        Named("answers nobody", .unresponsive(systemIdentifier: identifier)),
    ]

    private static func stopped(wasPrimary: Bool, isClean: Bool = true, timeline: UInt32 = 2) -> ServerState {
        .stopped(
            StoppedServer(
                systemIdentifier: identifier, timeline: Timeline(rawValue: timeline), wasPrimary: wasPrimary,
                isClean: isClean, position: LSN(rawValue: 900)))
    }

    private static func running(timeline: UInt32 = 2, isReplayPaused: Bool = false) -> RunningServer {
        RunningServer(
            systemIdentifier: identifier, timeline: Timeline(rawValue: timeline), position: LSN(rawValue: 1000),
            isStreaming: true, isReplayPausedForSettings: isReplayPaused)
    }

    public static let deviations: [Deviation] =
        [
            Deviation("paused") { $0.cluster.configuration.isPaused = true },
            Deviation("the member is asked to stop") { $0.isStopping = true },
            Deviation("the lock ran out while the agent held it", kind: "end") { $0.lockEnd = .ranOut },
            Deviation("the lock was lost to somebody else", kind: "end") { $0.lockEnd = .lost },
            Deviation("failsafe: the API server is away and every member agrees") { $0.isFailsafeActive = true },
            Deviation("the cluster was never created", kind: "initialize") { $0.cluster.initialization = .never },
            Deviation("this member is creating the cluster", kind: "initialize") {
                $0.cluster.initialization = .inProgress(by: "demo-0")
            },
            Deviation("demo-1 is creating the cluster", kind: "initialize") {
                $0.cluster.initialization = .inProgress(by: "demo-1")
            },
            Deviation("the data is another cluster's", kind: "initialize") {
                $0.cluster.initialization = .done(systemIdentifier: "7399999999999999999")
            },
            Deviation("the leader does not run as primary yet") { $0.cluster.members["demo-1"]?.role = .replica },
            Deviation("the leader is followed already") {
                $0.followed = FollowedLeader(name: "demo-1", epoch: 3, host: "10.0.0.1", port: 5432)
            },
            Deviation("elected because somebody asked for it") { $0.isElectedByRequest = true },
            Deviation("demo-2 streams and is tagged clonefrom", kind: "tag") {
                $0.cluster.members["demo-2"]?.isStreaming = true
                $0.cluster.members["demo-2"]?.tags.isCloneSource = true
            },
            Deviation("this member is tagged replicatefrom demo-2, which streams", kind: "tag") {
                $0.cluster.members["demo-2"]?.isStreaming = true
                $0.tags.replicatesFrom = "demo-2"
            },
            Deviation("this member is tagged replicatefrom demo-2, which does not stream", kind: "tag") {
                $0.tags.replicatesFrom = "demo-2"
            },
            Deviation("this member is tagged nostream", kind: "tag") { $0.tags.streamsFromNobody = true },
            Deviation("this member may not lead") { $0.tags.isExcludedFromFailover = true },
            Deviation("it lost a race a moment ago") { $0.standsBackUntil = now + .milliseconds(100) },
            Deviation("another member began its timeline") {
                $0.cluster.history = [
                    TimelineSwitch(
                        timeline: Timeline(rawValue: 1), position: LSN(rawValue: 500), reason: "", newLeader: "demo-2")
                ]
            },
            Deviation("the watchdog it has to have cannot be started") { $0.isWatchdogMissing = true },
            Deviation("its volume takes no writes", kind: "volume") { $0.isVolumeStuck = true },
            Deviation("its volume takes no writes for ttl, and demo-1 could lead", kind: "volume") {
                $0.isVolumeStuck = true
                guard case .mine = $0.lock else { return }
                let since = now - $0.cluster.configuration.timings.ttl
                $0.outage = PrimaryOutage(since: since, volumeStuckSince: since, successor: "demo-1")
            },
        ] + standbyClusters + outages + requests + schedules + restarts + reinitializations
        + activities.map { activity in
            Deviation("\(activity.rawValue) in progress", kind: "activity") { $0.activity = activity }
        }

    private static let standbyClusters: [Deviation] = [
        standbyCluster("standby cluster") { _ in },
        standbyCluster("standby cluster, and the remote server is followed already") { $0.followedRemote = followed },
        standbyCluster("standby cluster, and another remote server is followed") {
            $0.followedRemote = followed
            $0.followedRemote?.section.port = 5433
        },
        standbyCluster("standby cluster, and whoever is followed has sent nothing for a while") {
            $0.followedRemote = followed
            $0.followed = FollowedLeader(name: "demo-1", epoch: 3, host: "10.0.0.1", port: 5432)
            $0.notStreamingSince = now - Grace.courseCheck
        },
        standbyCluster("standby cluster, and the remote server does not answer") {
            $0.remoteObjection = "the remote server (site-a.example:5432) does not answer"
        },
        Deviation("the cluster follows no other any more", kind: "standby cluster") {
            if case .mine = $0.lock { $0.cluster.members["demo-0"]?.role = .standbyLeader }
        },
    ]

    private static let followed = FollowedRemote(StandbyCluster(host: "site-a.example"), epoch: 3)

    private static func standbyCluster(
        _ name: String, _ change: @escaping @Sendable (inout Observation) -> Void
    ) -> Deviation {
        Deviation(name, kind: "standby cluster") { observation in
            observation.cluster.configuration.standbyCluster = followed.section
            for (name, member) in observation.cluster.members where member.role == .primary {
                observation.cluster.members[name]?.role = .standbyLeader
            }
            change(&observation)
        }
    }

    private static let outages: [Deviation] = [
        outage("its server takes too long to come up, and demo-1 could lead") {
            PrimaryOutage(since: now - $0.primaryStartTimeout, successor: "demo-1")
        },
        outage("its server takes too long to come up, and nobody else could lead") {
            PrimaryOutage(since: now - $0.primaryStartTimeout)
        },
        outage("its server could not be started, and demo-1 could lead") { _ in
            PrimaryOutage(since: now, failedStarts: 1, successor: "demo-1")
        },
        outage("its server answers nobody for ttl, restarts in place included, and demo-1 could lead") {
            PrimaryOutage(since: now - $0.timings.ttl, isIll: true, successor: "demo-1")
        },
        outage("its server crashed, primaryStartTimeout is 0, and demo-1 could lead") {
            $0.primaryStartTimeout = .zero
            return PrimaryOutage(since: now, isCrash: true, successor: "demo-1")
        },
    ]

    private static func outage(
        _ name: String, _ make: @escaping @Sendable (inout DynamicConfiguration) -> PrimaryOutage
    ) -> Deviation {
        Deviation(name, kind: "outage") { $0.outage = make(&$0.cluster.configuration) }
    }

    private static let requests: [Deviation] = [
        request("switchover to anybody", FailoverRequest(leader: "demo-0")),
        request("switchover to demo-1", FailoverRequest(leader: "demo-0", candidate: "demo-1")),
        request("switchover to this member", FailoverRequest(leader: "demo-0", candidate: "demo-0")),
        request("switchover to demo-9, which is not there", FailoverRequest(leader: "demo-0", candidate: "demo-9")),
        request("switchover that names another leader", FailoverRequest(leader: "demo-2", candidate: "demo-1")),
        request("failover to demo-1, whatever it costs", FailoverRequest(candidate: "demo-1")),
        request("failover to this member, whatever it costs", FailoverRequest(candidate: "demo-0")),
        Deviation("switchover to demo-1, which may not lead", kind: "request") {
            $0.cluster.failover = FailoverRequest(leader: "demo-0", candidate: "demo-1")
            $0.cluster.members["demo-1"]?.tags.isExcludedFromFailover = true
        },
    ]

    private static let schedules: [Deviation] = [
        scheduled("in an hour", at: 3600), scheduled("now", at: 0), scheduled("an hour ago", at: -3600),
        scheduled("at a time nobody can read", at: nil),
        scheduled("now, without a leader to step down", at: 0, from: nil),
    ]

    private static func scheduled(_ when: String, at seconds: Int64?, from leader: String? = "demo-0") -> Deviation {
        Deviation("request: scheduled switchover to demo-1, \(when)", kind: "request") {
            let instant = seconds.map { WallInstant(microsecondsSince1970: 1_800_000_000_000_000 + $0 * 1_000_000) }
            $0.wallClock = WallInstant(microsecondsSince1970: 1_800_000_000_000_000)
            $0.cluster.failover = FailoverRequest(
                leader: leader, candidate: "demo-1",
                schedule: Schedule(text: "2027-01-15T08:00:00+00:00", instant: instant))
        }
    }

    private static let restarts: [Deviation] = [
        restart("this member", RestartOrder(id: "r", member: "demo-0")),
        restart(
            "this member's server of before",
            RestartOrder(id: "r", member: "demo-0", postmasterStartTime: "2026-11-21 05:00:00+00:00")),
        restart(
            "this member if a setting waits for it", RestartOrder(id: "r", member: "demo-0", onlyPending: true)),
        restart("this member if it is a replica", RestartOrder(id: "r", member: "demo-0", role: .replica)),
    ]

    private static let reinitializations: [Deviation] = [
        reinitialize("this member"),
        reinitialize("this member, whose old data is out of the way") { $0.begunReinitialize = "c" },
        reinitialize("this member, tagged nostream, whose old data is out of the way") {
            $0.begunReinitialize = "c"
            $0.tags.streamsFromNobody = true
            guard case .standby(var server) = $0.server else { return }
            server.isStreaming = false
            $0.server = .standby(server)
        },
        reinitialize("this member while demo-2 is copied") { $0.cluster.members["demo-2"]?.state = .creatingReplica },
        reinitialize("this member, the one that strict commits wait for") {
            $0.cluster.configuration.synchronous = SynchronousPolicy(mode: .on, isStrict: true)
            $0.cluster.synchronous = SynchronousState(leader: "demo-1", members: ["demo-0"])
        },
    ]

    private static func reinitialize(
        _ whom: String, _ change: @escaping @Sendable (inout Observation) -> Void = { _ in }
    ) -> Deviation {
        Deviation("request: new copy for \(whom)", kind: "reinitialize") {
            $0.cluster.reinitialize = ReinitializeOrder(id: "c", member: "demo-0")
            change(&$0)
        }
    }

    private static func restart(_ whom: String, _ order: RestartOrder) -> Deviation {
        Deviation("request: restart of \(whom)", kind: "restart") { $0.cluster.restart = order }
    }

    private static func request(_ name: String, _ request: FailoverRequest) -> Deviation {
        Deviation("request: \(name)", kind: "request") { $0.cluster.failover = request }
    }

    private static let activities: [Activity] = [
        .bootstrapping, .cloning, .reinitializing, .startingPrimary, .startingStandby, .promoting, .demoting,
        .demotingCluster,
        .handingOver, .recovering, .rejoining, .racing, .restarting, .restartingPrimary, .restartingStandby, .stopping,
    ]
}
