import HighAvailability
import Testing
import Units

/// Seen by demo-0, with demo-1 leading on timeline 2.
@Suite struct ChooseSourceTests {
    private func cluster(_ tags: [String: MemberTags] = [:], change: (inout ClusterView) -> Void = { _ in })
        -> ClusterView
    {
        var cluster = Fixture.cluster(leader: "demo-1")
        cluster.members["demo-3"] = Fixture.member("demo-3")
        for name in cluster.members.keys {
            cluster.members[name]?.timeline = Timeline(rawValue: 2)
            cluster.members[name]?.isStreaming = name != "demo-1"
            cluster.members[name]?.tags = tags[name] ?? MemberTags()
        }
        change(&cluster)
        return cluster
    }

    private func source(_ cluster: ClusterView, of member: String = "demo-0", avoiding: Set<String> = []) -> String? {
        chooseSource(
            of: member, tags: cluster.members[member]?.tags ?? MemberTags(), leader: "demo-1", in: cluster,
            avoiding: avoiding
        ).member
    }

    private let fromTwo = ["demo-0": MemberTags(replicatesFrom: "demo-2")]

    @Test func `without a tag the leader, with nostream nobody, with replicatefrom that member`() {
        #expect(source(cluster()) == "demo-1")
        #expect(source(cluster(["demo-0": MemberTags(streamsFromNobody: true)])) == nil)
        #expect(source(cluster(fromTwo)) == "demo-2")
        #expect(source(cluster(["demo-0": MemberTags(replicatesFrom: "demo-1")])) == "demo-1")
    }

    /// What keeps demo-2 from being streamed from, and what the reason says of it.
    private func obstacles() -> [(reason: String, cluster: ClusterView)] {
        [
            ("does not exist", cluster { $0.members["demo-2"] = nil }),
            ("does not run", cluster { $0.members["demo-2"]?.state = .starting }),
            ("does not run", cluster { $0.members["demo-2"]?.role = .primary }),
            ("does not run", cluster { $0.members["demo-2"]?.host = nil }),
            ("does not run", cluster { $0.members["demo-2"]?.isBeingDeleted = true }),
            ("does not stream", cluster { $0.members["demo-2"]?.isStreaming = false }),
            ("has not reached timeline 2", cluster { $0.members["demo-2"]?.timeline = Timeline(rawValue: 1) }),
        ]
    }

    @Test func `a member that cannot serve is left for the leader, with the reason`() {
        for obstacle in obstacles() {
            let choice = chooseSource(
                of: "demo-0", tags: MemberTags(replicatesFrom: "demo-2"), leader: "demo-1", in: obstacle.cluster)
            #expect(choice.member == "demo-1")
            #expect(choice.reason.contains(obstacle.reason), "\(choice)")
        }
    }

    @Test func `a member that could not be reached is left for the leader until it is tried again`() {
        #expect(source(cluster(fromTwo), avoiding: ["demo-2"]) == "demo-1")
        var observation = Fixture.observation(
            lock: .held(by: "demo-1"), server: .standby(Fixture.running()), leader: "demo-1"
        ) {
            $0.cluster = cluster(fromTwo)
            $0.tags = MemberTags(replicatesFrom: "demo-2")
            $0.avoidedSources = ["demo-2": Fixture.now + .seconds(1)]
        }
        #expect(decide(observation).action == .follow("demo-1", from: "demo-1"))
        observation.now = Fixture.now + .seconds(1)
        #expect(decide(observation).action == .follow("demo-1", from: "demo-2"))
    }

    @Test func `each member of a loop of tags streams from the leader, one before the loop from its member`() {
        let loop = [
            "demo-0": MemberTags(replicatesFrom: "demo-2"), "demo-2": MemberTags(replicatesFrom: "demo-0"),
            "demo-3": MemberTags(replicatesFrom: "demo-0"),
        ]
        #expect(source(cluster(loop)) == "demo-1")
        #expect(source(cluster(loop), of: "demo-2") == "demo-1")
        #expect(source(cluster(loop), of: "demo-3") == "demo-0")
        let itself = ["demo-0": MemberTags(replicatesFrom: "demo-0")]
        #expect(source(cluster(itself)) == "demo-1")
    }

    @Test func `a chain that leads through the leader is no loop`() {
        let tags = [
            "demo-0": MemberTags(replicatesFrom: "demo-2"), "demo-2": MemberTags(replicatesFrom: "demo-1"),
            "demo-1": MemberTags(replicatesFrom: "demo-0"),
        ]
        #expect(source(cluster(tags)) == "demo-2")
        #expect(source(cluster(tags), of: "demo-2") == "demo-1")
    }

    @Test func `every chain of tags, whatever they are, ends at the leader or at nobody`() {
        let names = ["demo-0", "demo-1", "demo-2", "demo-3"]
        let choices: [MemberTags] =
            [MemberTags(), MemberTags(streamsFromNobody: true)] + names.map { MemberTags(replicatesFrom: $0) }
        for first in choices {
            for second in choices {
                for third in choices {
                    let cluster = cluster(["demo-0": first, "demo-2": second, "demo-3": third])
                    for name in names where name != "demo-1" {
                        var steps = 0
                        var next: String? = name
                        while let current = next, current != "demo-1", steps < 5 {
                            next = source(cluster, of: current)
                            steps += 1
                        }
                        #expect(steps < 5, "\(name) of \(first) \(second) \(third)")
                    }
                }
            }
        }
    }

    @Test func `a slot is kept where a member streams from, and nowhere else`() {
        let tags = [
            "demo-0": MemberTags(replicatesFrom: "demo-2"), "demo-3": MemberTags(streamsFromNobody: true),
        ]
        #expect(standbys(of: "demo-1", leader: "demo-1", in: cluster(tags)) == ["demo-2"])
        #expect(standbys(of: "demo-2", leader: "demo-1", in: cluster(tags)) == ["demo-0"])
        #expect(standbys(of: "demo-3", leader: "demo-1", in: cluster(tags)) == [])
        #expect(standbys(of: "demo-1", leader: "demo-1", in: cluster()) == ["demo-0", "demo-2", "demo-3"])
    }

    @Test func `what is to hang on a member the leader does not see is the leader's`() {
        let world = cluster([
            "demo-0": MemberTags(replicatesFrom: "demo-2"), "demo-3": MemberTags(replicatesFrom: "demo-0"),
        ])
        #expect(missingStandbys(of: "demo-1", seeing: ["demo-2"], in: world) == [])
        let missing = missingStandbys(of: "demo-1", seeing: ["demo-0"], in: world)
        #expect(missing == ["demo-2"])
        #expect(standbys(of: "demo-1", leader: "demo-1", in: world, avoiding: missing) == ["demo-0", "demo-2"])
        #expect(standbys(of: "demo-0", leader: "demo-1", in: world, avoiding: missing) == ["demo-3"])
    }

    @Test func `a source that has sent nothing for three seconds is given up, the leader never is`() {
        func given(_ followed: FollowedLeader, change: (inout Observation) -> Void = { _ in }) -> String? {
            var server = Fixture.running()
            server.isStreaming = false
            return sourceGivenUp(
                Fixture.observation(lock: .held(by: "demo-1"), server: .standby(server), leader: "demo-1") {
                    $0.followed = followed
                    $0.notStreamingSince = Fixture.now - .seconds(3)
                    change(&$0)
                })
        }
        let cascaded = FollowedLeader(name: "demo-1", epoch: 3, source: "demo-2", host: "10.0.0.2", port: 5432)
        #expect(given(cascaded) == "demo-2")
        #expect(given(cascaded) { $0.notStreamingSince = Fixture.now - .seconds(2) } == nil)
        #expect(given(cascaded) { $0.server = .standby(Fixture.running()) } == nil)
        #expect(given(cascaded) { $0.activity = .rejoining } == nil)
        #expect(given(FollowedLeader(name: "demo-1", epoch: 3, host: "10.0.0.1", port: 5432)) == nil)
    }

    @Test func `a stopped, a running and a paused standby get the source of their tags`() {
        func action(_ server: ServerState, isPaused: Bool = false) -> Action {
            decide(
                Fixture.observation(lock: .held(by: "demo-1"), server: server, leader: "demo-1") {
                    $0.cluster = cluster(fromTwo)
                    $0.cluster.configuration.isPaused = isPaused
                    $0.tags = MemberTags(replicatesFrom: "demo-2")
                }
            ).action
        }
        #expect(action(Fixture.stopped(wasPrimary: false)) == .rejoin("demo-1", from: "demo-2"))
        #expect(action(.standby(Fixture.running())) == .follow("demo-1", from: "demo-2"))
        #expect(action(.standby(Fixture.running()), isPaused: true) == .follow("demo-1", from: "demo-2"))
    }

    @Test
    func `a copy is taken from a streaming member tagged clonefrom, on the needed timeline, else from the leader`() {
        let tags = ["demo-2": MemberTags(isCloneSource: true)]
        func source(_ cluster: ClusterView, avoiding: Set<String> = []) -> String {
            chooseCloneSource(for: "demo-0", leader: "demo-1", in: cluster, avoiding: avoiding)
        }
        #expect(source(cluster()) == "demo-1")
        #expect(source(cluster(tags)) == "demo-2")
        #expect(source(cluster(tags), avoiding: ["demo-2"]) == "demo-1")
        #expect(source(cluster(tags) { $0.members["demo-2"]?.timeline = Timeline(rawValue: 1) }) == "demo-1")
        #expect(source(cluster(tags) { $0.members["demo-2"]?.isStreaming = false }) == "demo-1")
        #expect(source(cluster(tags) { $0.members["demo-2"]?.state = .stopping }) == "demo-1")
        #expect(source(cluster(["demo-0": MemberTags(isCloneSource: true)])) == "demo-1")
        let decision = decide(
            Fixture.observation(lock: .held(by: "demo-1"), server: .noData, leader: "demo-1") {
                $0.cluster = cluster(tags)
            })
        #expect(decision == Decision(.clone(from: "demo-2"), "trying to bootstrap from replica 'demo-2'"))
    }

    @Test func `a recorded synchronous standby is copied from the leader, who has what it confirmed`() {
        let tags = ["demo-2": MemberTags(isCloneSource: true)]
        let recorded = cluster(tags) {
            $0.synchronous = SynchronousState(leader: "demo-1", members: ["demo-0"], quorum: 0)
        }
        #expect(chooseCloneSource(for: "demo-0", leader: "demo-1", in: recorded) == "demo-1")
        #expect(chooseCloneSource(for: "demo-3", leader: "demo-1", in: recorded) == "demo-2")
    }

    @Test func `several members tagged clonefrom share the copies`() {
        let tags = ["demo-2": MemberTags(isCloneSource: true), "demo-3": MemberTags(isCloneSource: true)]
        let chosen = Set(
            (4..<8).map { chooseCloneSource(for: "demo-\($0)", leader: "demo-1", in: cluster(tags)) })
        #expect(chosen == ["demo-2", "demo-3"])
    }
}
