import HighAvailability
import Testing
import Units

/// A cluster that follows another one: the leader a remote server, the others the leader.
@Suite struct StandbyClusterTests {
    static let remote = StandbyCluster(host: "site-a.example", port: 5432, slot: "site_b")
    static let followed = FollowedRemote(remote, epoch: 3)

    @Test func `the remote server is called by its place`() {
        #expect(Self.remote.description == "site-a.example:5432")
        #expect(StandbyCluster(host: "fd00::7").description == "[fd00::7]:5432")
    }

    func observation(
        lock: LockStanding, server: ServerState, leader: String? = nil, change: (inout Observation) -> Void = { _ in }
    ) -> Observation {
        Fixture.observation(lock: lock, server: server, leader: leader) {
            $0.cluster.configuration.standbyCluster = Self.remote
            if let leader { $0.cluster.members[leader]?.role = .standbyLeader }
            change(&$0)
        }
    }

    @Test func `nobody is promoted or started as a primary, whatever the lock, the server or the mode`() {
        let forbidden: [Action] = [.promote, .startPrimary, .bootstrap]
        for lock in Fixture.locks {
            for server in Fixture.servers {
                for isPaused in [false, true] {
                    for isElected in [false, true] {
                        let decision = decide(
                            observation(lock: lock, server: server, leader: "demo-1") {
                                $0.cluster.configuration.isPaused = isPaused
                                $0.isElectedByRequest = isElected
                                $0.cluster.failover = isElected ? FailoverRequest(candidate: "demo-0") : nil
                            })
                        #expect(!forbidden.contains(decision.action), "\(lock) \(server): \(decision)")
                    }
                }
            }
        }
    }

    @Test func `the holder follows the remote server in each of its reigns once, and again when the settings change`() {
        func decision(_ followed: FollowedRemote?) -> Decision {
            decide(
                observation(lock: Fixture.mine, server: .standby(Fixture.running()), leader: "demo-0") {
                    $0.followedRemote = followed
                })
        }
        #expect(
            decision(nil)
                == Decision(.followRemote, "promoted self to a standby leader by acquiring session lock"))
        #expect(decision(FollowedRemote(Self.remote, epoch: 2)).action == .followRemote)
        var elsewhere = Self.followed
        elsewhere.section.host = "site-c.example"
        #expect(decision(elsewhere).action == .followRemote)
        var withoutSlot = Self.followed
        withoutSlot.section.slot = nil
        #expect(decision(withoutSlot).action == .followRemote)
        #expect(
            decision(Self.followed)
                == Decision(.leadStandby, "no action. I am (demo-0), the standby leader with the lock"))
    }

    @Test func `a stopped holder becomes the standby of the remote server, whatever it was`() {
        for server in [
            Fixture.stopped(wasPrimary: false), Fixture.stopped(wasPrimary: true),
            Fixture.stopped(wasPrimary: true, isClean: false), Fixture.stopped(wasPrimary: true, timeline: 1),
        ] {
            let decision = decide(observation(lock: Fixture.mine, server: server, leader: "demo-0"))
            #expect(
                decision
                    == Decision(.followRemote, "starting as a standby leader because i had the session lock"))
        }
    }

    @Test func `a primary is stopped in order when the remote server can be followed, and goes on when it cannot`() {
        let primary = ServerState.primary(Fixture.running())
        #expect(
            decide(observation(lock: Fixture.mine, server: primary, leader: "demo-0"))
                == Decision(.demoteCluster, "cannot be a real primary in standby cluster"))
        let refused = decide(
            observation(lock: Fixture.mine, server: primary, leader: "demo-0") {
                $0.remoteObjection = "it cannot be asked"
            })
        #expect(refused == Decision(.lead, "not demoting to a standby cluster: it cannot be asked"))
        let withoutAPI = decide(
            observation(lock: Fixture.mine, server: primary, leader: "demo-0") { $0.isFailsafeActive = true })
        #expect(withoutAPI.action == .lead)
        for lock in Fixture.locks where !lock.isMine && lock != .mineFromEarlierLife {
            #expect(decide(observation(lock: lock, server: primary, leader: "demo-1")).action == .demote, "\(lock)")
        }
    }

    @Test func `whoever receives nothing for a while compares its course, the standby leader and its standbys`() {
        func action(lock: LockStanding, leader: String, silentFor silence: Duration) -> Action {
            decide(
                observation(lock: lock, server: .standby(Fixture.running()), leader: leader) {
                    $0.followedRemote = Self.followed
                    $0.followed = FollowedLeader(name: "demo-1", epoch: 3, host: "10.0.0.1", port: 5432)
                    $0.notStreamingSince = Fixture.now - silence
                }
            ).action
        }
        let held = LockStanding.held(by: "demo-1")
        #expect(action(lock: Fixture.mine, leader: "demo-0", silentFor: .seconds(9)) == .leadStandby)
        #expect(action(lock: Fixture.mine, leader: "demo-0", silentFor: .seconds(10)) == .followRemote)
        #expect(action(lock: held, leader: "demo-1", silentFor: .seconds(9)) == .wait)
        #expect(action(lock: held, leader: "demo-1", silentFor: .seconds(10)) == .follow("demo-1", from: "demo-1"))
    }

    @Test func `the others follow the standby leader, and copy it`() {
        let held = LockStanding.held(by: "demo-1")
        let standby = decide(
            observation(lock: held, server: .standby(Fixture.running()), leader: "demo-1") {
                $0.followed = FollowedLeader(name: "demo-1", epoch: 3, host: "10.0.0.1", port: 5432)
            })
        #expect(
            standby
                == Decision(
                    .wait, "no action. I am (demo-0), a secondary, and following a standby leader (demo-1)"))
        #expect(
            decide(observation(lock: held, server: .noData, leader: "demo-1")).action == .clone(from: "demo-1"))
        let early = decide(
            observation(lock: held, server: .noData, leader: "demo-1") {
                $0.cluster.members["demo-1"]?.role = .replica
            })
        #expect(early == Decision(.wait, "waiting for standby_leader to bootstrap"))
    }

    @Test func `one member copies the remote server, the others wait for it`() {
        func decision(_ initialization: Initialization) -> Decision {
            decide(observation(lock: .neverTaken, server: .noData) { $0.cluster.initialization = initialization })
        }
        #expect(decision(.never) == Decision(.bootstrapStandby, "trying to bootstrap a new standby leader"))
        #expect(decision(.inProgress(by: "demo-0")).action == .bootstrapStandby)
        #expect(decision(.inProgress(by: "demo-1")).action == .wait)
        #expect(
            decision(.done(systemIdentifier: Fixture.identifier))
                == Decision(.wait, "waiting for standby_leader to bootstrap"))
    }

    @Test
    func `when the leader is lost another member races, also behind what was recorded, but not one that may not lead`()
    {
        func action(_ change: (inout Observation) -> Void = { _ in }) -> Action {
            decide(
                observation(
                    lock: .expired(holder: "demo-1"), server: .standby(Fixture.running(timeline: 1)), change: change)
            ).action
        }
        #expect(action() == .race)
        #expect(action { $0.cluster.initialization = .never } == .race)
        #expect(action { $0.tags.isExcludedFromFailover = true } == .wait)
    }

    @Test
    func
        `in an election of a standby cluster neither lag nor a recorded timeline excludes, but the most advanced wins`()
    {
        func verdict(position: UInt64, of other: UInt64?, isStandbyCluster: Bool = true) -> CandidacyVerdict {
            func report(_ name: String, _ position: UInt64) -> PositionReport {
                PositionReport(
                    name: name, isPrimary: false, timeline: Timeline(rawValue: 2), position: LSN(rawValue: position))
            }
            return judgeCandidacy(
                Candidacy(
                    me: report("demo-0", position), others: other.map { [report("demo-1", $0)] } ?? [],
                    lastKnownPosition: LSN(rawValue: 1 << 30), recordedTimeline: nil, maximumLag: .mebibytes(1),
                    isStandbyCluster: isStandbyCluster))
        }
        guard case .run = verdict(position: 1000, of: nil) else { return #expect(Bool(false), "it does not run") }
        guard case .yield = verdict(position: 1000, of: 2000) else { return #expect(Bool(false), "it runs") }
        guard case .yield = verdict(position: 1000, of: nil, isStandbyCluster: false) else {
            return #expect(Bool(false), "it runs")
        }
        var view = Fixture.cluster()
        #expect(view.recordedTimeline != nil)
        view.configuration.standbyCluster = Self.remote
        #expect(view.recordedTimeline == nil)
    }

    @Test func `without the section the standby leader is promoted, and while paused it is not`() {
        func decision(isPaused: Bool) -> Decision {
            decide(
                Fixture.observation(lock: Fixture.mine, server: .standby(Fixture.running()), leader: "demo-0") {
                    $0.cluster.members["demo-0"]?.role = .standbyLeader
                    $0.cluster.configuration.isPaused = isPaused
                })
        }
        #expect(
            decision(isPaused: false)
                == Decision(.promote, "promoted self to leader because I had the session lock"))
        #expect(decision(isPaused: true).action != .promote)
    }

    @Test func `a paused standby leader keeps the lock and follows, and starts nothing`() {
        func action(_ server: ServerState) -> Action {
            decide(
                observation(lock: Fixture.mine, server: server, leader: "demo-0") {
                    $0.cluster.configuration.isPaused = true
                    $0.followedRemote = Self.followed
                    $0.notStreamingSince = Fixture.now - .seconds(60)
                }
            ).action
        }
        #expect(action(.standby(Fixture.running())) == .leadStandby)
        #expect(action(Fixture.stopped(wasPrimary: false)) == .release)
        #expect(action(.primary(Fixture.running())) == .lead)
    }

    @Test func `switchover and restart of the standby leader are carried out`() {
        func action(_ change: (inout Observation) -> Void) -> Action {
            decide(
                observation(lock: Fixture.mine, server: .standby(Fixture.running()), leader: "demo-0") {
                    $0.followedRemote = Self.followed
                    change(&$0)
                }
            ).action
        }
        #expect(
            action { $0.cluster.failover = FailoverRequest(leader: "demo-0", candidate: "demo-1") }
                == .handOver(to: "demo-1", requestID: nil))
        for role in [nil, MemberRole.primary] {
            let order = RestartOrder(id: "r", member: "demo-0", role: role)
            #expect(action { $0.cluster.restart = order } == .restartInPlace(order))
        }
        guard
            case .answerRestart = action({
                $0.cluster.restart = RestartOrder(id: "r", member: "demo-0", role: .replica)
            })
        else { return #expect(Bool(false), "the leader was restarted as a replica") }
    }
}
