import HighAvailability
import Testing
import Units

@Suite struct DecideTests {
    /// Actions that make or keep a primary.
    private func makesPrimary(_ decision: Decision, _ server: ServerState) -> Bool {
        switch decision.action {
        // Those of a standby cluster are the holder's, too.
        case .startPrimary, .promote, .lead, .followRemote, .leadStandby, .demoteCluster: true
        case .restart, .restartInPlace:
            if case .primary = server { true } else { false }
        case .wait, .bootstrap, .bootstrapStandby, .clone, .race, .acquire, .startStandby, .follow, .rejoin, .demote,
            .recover, .handOver,
            .refuseHandOver, .finishHandOver, .answerRestart, .reinitialize, .answerReinitialize, .release, .shutDown,
            .refuse:
            false
        }
    }

    @Test func `no combination of lock and server makes a primary without the lock`() {
        for paused in [false, true] {
            for lock in Fixture.locks where !lock.isMine {
                for server in Fixture.servers {
                    let observation = Fixture.observation(lock: lock, server: server, leader: "demo-1") {
                        $0.cluster.configuration.isPaused = paused
                    }
                    let decision = decide(observation)
                    #expect(!makesPrimary(decision, server), "\(lock) \(server) paused \(paused): \(decision)")
                }
            }
        }
    }

    @Test func `every combination is decided with a reason`() {
        for lock in Fixture.locks {
            for server in Fixture.servers {
                #expect(!decide(Fixture.observation(lock: lock, server: server)).reason.isEmpty)
            }
        }
    }

    @Test func `a primary that does not hold the lock is demoted`() {
        let decision = decide(
            Fixture.observation(lock: .held(by: "demo-1"), server: .primary(Fixture.running()), leader: "demo-1"))
        #expect(decision == Decision(.demote, "demoting self because I do not have the lock and I was a leader"))
    }

    @Test func `a promotion whose lock is lost ends in a demotion`() {
        for activity in [Activity.promoting, .startingPrimary] {
            let decision = decide(
                Fixture.observation(lock: .held(by: "demo-1"), server: .standby(Fixture.running()), leader: "demo-1") {
                    $0.activity = activity
                })
            #expect(decision.action == .demote)
        }
    }

    @Test func `any other action in progress is left alone`() {
        let decision = decide(
            Fixture.observation(lock: .held(by: "demo-1"), server: .noData, leader: "demo-1") { $0.activity = .cloning }
        )
        #expect(decision.action == .wait)
    }

    @Test func `data of another cluster is refused and never demands a promotion`() {
        var foreign = Fixture.running()
        foreign.systemIdentifier = "7399999999999999999"
        for lock in Fixture.locks {
            let standby = decide(Fixture.observation(lock: lock, server: .standby(foreign)))
            #expect(standby.action == (lock.isMine ? .release : .refuse), "\(lock)")
            #expect(standby.reason.contains("7300000000000000001 != 7399999999999999999"))
        }
    }

    @Test func `a member asked to stop stops, also with data that is not its cluster's`() {
        for server in Fixture.servers {
            let decision = decide(
                Fixture.observation(lock: .held(by: "demo-1"), server: server) { $0.isStopping = true })
            #expect(decision.action == .shutDown, "\(server)")
        }
    }

    @Test func `the holder promotes a standby, starts a stopped primary and leads with a running one`() {
        func action(_ server: ServerState) -> Action {
            decide(Fixture.observation(lock: Fixture.mine, server: server, leader: "demo-0")).action
        }
        #expect(action(.standby(Fixture.running())) == .promote)
        #expect(action(Fixture.stopped(wasPrimary: true, isClean: false)) == .startPrimary)
        #expect(action(Fixture.stopped(wasPrimary: false)) == .startStandby(following: nil))
        #expect(action(.primary(Fixture.running())) == .lead)
        #expect(action(.unresponsive(systemIdentifier: Fixture.identifier)) == .restart)
        #expect(action(.noData) == .release)
    }

    @Test func `a holder whose data is behind the recorded timeline lets the lock go`() {
        let decision = decide(
            Fixture.observation(
                lock: Fixture.mine, server: Fixture.stopped(wasPrimary: true, timeline: 1), leader: "demo-0"))
        #expect(decision == Decision(.release, "My timeline 1 is behind last known cluster timeline 2"))
    }

    @Test func `a restarted agent takes its earlier lock and starts the primary without a vote`() {
        let decision = decide(
            Fixture.observation(
                lock: .mineFromEarlierLife, server: Fixture.stopped(wasPrimary: true, isClean: false), leader: "demo-0")
        )
        #expect(decision.action == .acquire)
    }

    @Test func `a released lock is the heir's at once and everybody else's after the grace`() {
        func action(_ heir: String?, after: Duration) -> Action {
            decide(
                Fixture.observation(
                    lock: .released(heir: heir, since: Fixture.now - after), server: .standby(Fixture.running()))
            ).action
        }
        #expect(action("demo-0", after: .zero) == .acquire)
        #expect(action("demo-1", after: .zero) == .wait)
        #expect(action("demo-1", after: .seconds(6)) == .race)
        #expect(action(nil, after: .zero) == .race)
    }

    @Test func `a dead holder that restarts at once is given its second, one in back-off is not`() {
        func action(restartsAtOnce: Bool, after: Duration) -> Action {
            decide(
                Fixture.observation(
                    lock: .holderDied(
                        holder: "demo-1", since: Fixture.now - after, restartsAtOnce: restartsAtOnce),
                    server: .standby(Fixture.running()))
            ).action
        }
        #expect(action(restartsAtOnce: true, after: .milliseconds(300)) == .wait)
        #expect(action(restartsAtOnce: true, after: .milliseconds(1100)) == .race)
        #expect(action(restartsAtOnce: false, after: .zero) == .race)
    }

    @Test func `an empty member creates the cluster only if nobody else has begun`() {
        func action(_ initialization: Initialization) -> Action {
            decide(
                Fixture.observation(lock: .neverTaken, server: .noData) { $0.cluster.initialization = initialization }
            ).action
        }
        #expect(action(.never) == .bootstrap)
        #expect(action(.inProgress(by: "demo-0")) == .bootstrap)
        #expect(action(.inProgress(by: "demo-1")) == .wait)
        #expect(action(.done(systemIdentifier: Fixture.identifier)) == .wait)
    }

    @Test func `an empty member clones only from a leader that runs`() {
        let lock = LockStanding.held(by: "demo-1")
        #expect(
            decide(Fixture.observation(lock: lock, server: .noData, leader: "demo-1")).action == .clone(from: "demo-1"))
        let notYet = decide(
            Fixture.observation(lock: lock, server: .noData, leader: "demo-1") {
                $0.cluster.members["demo-1"]?.state = .starting
            })
        #expect(notYet.action == .wait)
    }

    @Test func `a standby follows each reign of each leader once`() {
        let followed = FollowedLeader(name: "demo-1", epoch: 3, host: "10.0.0.1", port: 5432)
        func action(_ followed: FollowedLeader?) -> Action {
            decide(
                Fixture.observation(
                    lock: .held(by: "demo-1"), server: .standby(Fixture.running()), leader: "demo-1"
                ) { $0.followed = followed }
            ).action
        }
        #expect(action(followed) == .wait)
        #expect(action(nil) == .follow("demo-1", from: "demo-1"))
        var earlier = followed
        earlier.epoch = 2
        #expect(action(earlier) == .follow("demo-1", from: "demo-1"))
        var ofAnotherObject = followed
        ofAnotherObject.object = "made anew since"
        #expect(action(ofAnotherObject) == .follow("demo-1", from: "demo-1"))
        var moved = followed
        moved.host = "10.0.0.99"
        #expect(action(moved) == .follow("demo-1", from: "demo-1"))
    }

    @Test func `a request is carried out, or refused with its reason`() {
        func decision(_ request: FailoverRequest, change: (inout Observation) -> Void = { _ in }) -> Decision {
            decide(
                Fixture.observation(lock: Fixture.mine, server: .primary(Fixture.running()), leader: "demo-0") {
                    $0.cluster.failover = request
                    change(&$0)
                })
        }
        #expect(
            decision(FailoverRequest(leader: "demo-0", candidate: "demo-1", requestID: "r1")).action
                == .handOver(to: "demo-1", requestID: "r1"))
        #expect(decision(FailoverRequest(leader: "demo-0")).action == .handOver(to: nil, requestID: nil))
        let unknown = decision(FailoverRequest(leader: "demo-0", candidate: "demo-9", requestID: "r2"))
        #expect(unknown.action == .refuseHandOver(requestID: "r2"))
        #expect(unknown.reason.contains("demo-9 does not exist"))
        #expect(
            decision(FailoverRequest(leader: "demo-1", candidate: "demo-2")).action == .refuseHandOver(requestID: nil))
        #expect(
            decision(FailoverRequest(candidate: "demo-0", requestID: "r3")).action == .finishHandOver(requestID: "r3"))
        let excluded = decision(FailoverRequest(candidate: "demo-2")) {
            $0.cluster.members["demo-2"]?.tags = MemberTags(isExcludedFromFailover: true)
        }
        #expect(excluded.reason.contains("not allowed to promote"))
    }

    @Test func `while paused nothing starts, stops or is promoted`() {
        let forbidden: [Action] = [.startPrimary, .promote, .demote, .recover, .restart, .startStandby(following: nil)]
        for lock in Fixture.locks {
            for server in Fixture.servers {
                let decision = decide(
                    Fixture.observation(lock: lock, server: server, leader: "demo-1") {
                        $0.cluster.configuration.isPaused = true
                    })
                #expect(!forbidden.contains(decision.action), "\(lock) \(server): \(decision)")
            }
        }
    }

    @Test func `a member that may not lead never races`() {
        for lock in Fixture.locks where lock.isFree {
            let decision = decide(
                Fixture.observation(lock: lock, server: .standby(Fixture.running())) {
                    $0.tags = MemberTags(isExcludedFromFailover: true)
                })
            #expect(decision.action == .wait, "\(lock): \(decision)")
        }
    }

    @Test func `a replica without an initialize key is not the origin of a cluster`() {
        let decision = decide(
            Fixture.observation(lock: .neverTaken, server: .standby(Fixture.running())) {
                $0.cluster.initialization = .never
            })
        #expect(decision.action == .wait)
        #expect(decision.reason.contains("No initialize key"))
    }

    @Test func `a stopped primary of a timeline that another member is recorded to have begun waits to be copied`() {
        func decision(begunBy member: String) -> Decision {
            decide(
                Fixture.observation(lock: .expired(holder: "demo-1"), server: Fixture.stopped(wasPrimary: true)) {
                    $0.cluster.history = [
                        TimelineSwitch(
                            timeline: Timeline(rawValue: 1), position: LSN(rawValue: 500), reason: "",
                            newLeader: member)
                    ]
                })
        }
        #expect(decision(begunBy: "demo-0").action == .race)
        #expect(decision(begunBy: "demo-2").action == .wait)
    }

    /// Its startup process would end at the promotion, and the server with it.
    @Test func `a standby that replays no more for its settings is restarted before an election`() {
        var server = Fixture.running()
        server.isReplayPausedForSettings = true
        for lock in Fixture.locks {
            for isStandbyCluster in [false, true] {
                let decision = decide(
                    Fixture.observation(lock: lock, server: .standby(server)) {
                        if isStandbyCluster {
                            $0.cluster.configuration.standbyCluster = StandbyCluster(host: "site-a.example")
                        }
                        if case .held(let leader) = lock { $0.cluster.members[leader]?.role = .primary }
                    })
                // A standby leader has nobody here whose settings it would have to have.
                if isStandbyCluster, lock.isMine { continue }
                #expect(decision.action == .restart, "\(lock), standby cluster: \(isStandbyCluster)")
            }
        }
    }

    @Test func `a leader whose agent was restarted goes on leading although it may not be elected any more`() {
        let observation = Fixture.observation(lock: .mineFromEarlierLife, server: .primary(Fixture.running())) {
            $0.tags.isExcludedFromFailover = true
        }
        #expect(decide(observation).action == .acquire)
        var behind = observation
        behind.server = .primary(Fixture.running(timeline: 1))
        #expect(decide(behind).action == .demote)
        var stranger = observation
        stranger.lock = .expired(holder: "demo-1")
        #expect(decide(stranger).action == .demote)
    }
}
