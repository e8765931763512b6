import HighAvailability
import Testing
import Units

@Suite struct ReinitializeDecisionTests {
    private let order = ReinitializeOrder(id: "c", member: "demo-0")
    private static let held = LockStanding.held(by: "demo-1")

    private func decision(
        _ lock: LockStanding = held, _ server: ServerState = .standby(Fixture.running()),
        _ order: ReinitializeOrder? = nil, change: (inout Observation) -> Void = { _ in }
    ) -> Decision {
        decide(
            Fixture.observation(lock: lock, server: server, leader: lock.isMine ? "demo-0" : "demo-1") {
                $0.cluster.reinitialize = order ?? self.order
                $0.followed = FollowedLeader(name: "demo-1", epoch: 3, host: "10.0.0.1", port: 5432)
                change(&$0)
            })
    }

    private func refusal(_ decision: Decision) -> String? {
        guard case .answerReinitialize(let report) = decision.action, report.outcome == .refused else { return nil }
        return report.reason
    }

    @Test(arguments: [false, true])
    func `whatever data it has is replaced by the leader's, also while paused`(_ isPaused: Bool) {
        for server in Fixture.servers {
            let decision = decision(Self.held, server) { $0.cluster.configuration.isPaused = isPaused }
            switch server {
            case .noData: #expect(refusal(decision)?.contains("no data to replace") == true)
            case .primary:
                // Without the lock it is stopped first; while paused it may be the only one who has what it wrote.
                if isPaused {
                    #expect(refusal(decision) == "a primary runs here")
                } else {
                    #expect(decision.action == .demote)
                }
            case .unusable, .damaged, .stopped, .starting, .standby, .unresponsive:
                #expect(decision.action == .reinitialize(order, from: "demo-1"), "\(server)")
            }
        }
    }

    @Test func `data of another cluster is replaced, too`() {
        let decision = decision { $0.cluster.initialization = .done(systemIdentifier: "another") }
        #expect(decision.action == .reinitialize(order, from: "demo-1"))
    }

    @Test(arguments: [false, true])
    func `the leader never, and nobody while nobody leads, forced or not`(_ isForced: Bool) {
        var order = order
        order.isForced = isForced
        for lock in Fixture.locks {
            for server in Fixture.servers {
                let decision = decision(lock, server, order)
                switch lock {
                case .held: continue
                case .mine: #expect(refusal(decision) == "I am the leader, can not reinitialize", "\(server)")
                default:
                    #expect(refusal(decision) == "Cluster has no leader, can not reinitialize" || server.isPrimary)
                }
                if case .reinitialize = decision.action { Issue.record("\(lock), \(server)") }
            }
        }
        let leads = self.decision(Fixture.mine, .primary(Fixture.running()), order) {
            $0.cluster.configuration.isPaused = true
        }
        #expect(refusal(leads) == "I am the leader, can not reinitialize")
        let unready = self.decision(Self.held, .standby(Fixture.running()), order) {
            $0.cluster.members["demo-1"]?.state = .starting
        }
        #expect(refusal(unready)?.contains("demo-1 does not run as a primary") == true)
    }

    @Test func `one member after the other, unless it is forced`() {
        var order = order
        let copying: (inout Observation) -> Void = { $0.cluster.members["demo-2"]?.state = .creatingReplica }
        #expect(refusal(decision(change: copying))?.contains("demo-2 is being copied") == true)
        order.isForced = true
        #expect(
            decision(Self.held, .standby(Fixture.running()), order, change: copying).action
                == .reinitialize(order, from: "demo-1"))
    }

    @Test(
        arguments: [
            (.on, true, true, false, false), (.on, true, true, true, true), (.on, false, true, false, true),
            (.on, true, false, false, true), (.quorum, true, true, false, false), (.quorum, true, true, true, true),
            (.off, true, true, false, true),
        ] as [(SynchronousMode, Bool, Bool, Bool, Bool)])
    func `the one standby that strict commits wait for is not taken away unless it is forced`(
        _ mode: SynchronousMode, _ isStrict: Bool, _ isNamed: Bool, _ isAnotherThere: Bool, _ isDone: Bool
    ) {
        func change(_ observation: inout Observation) {
            observation.cluster.configuration.synchronous = SynchronousPolicy(mode: mode, isStrict: isStrict)
            observation.cluster.synchronous = SynchronousState(
                leader: "demo-1", members: [isNamed ? "demo-0" : "demo-2"])
            observation.cluster.members["demo-2"]?.isStreaming = isAnotherThere
            observation.cluster.members["demo-2"]?.timeline = observation.cluster.lock?.timeline
        }
        let decision = decision(change: change)
        #expect(isDone ? decision.action == .reinitialize(order, from: "demo-1") : refusal(decision) != nil)
        var forced = order
        forced.isForced = true
        #expect(
            self.decision(Self.held, .standby(Fixture.running()), forced, change: change).action
                == .reinitialize(forced, from: "demo-1"))
    }

    @Test func `nobody else, and nobody twice`() {
        #expect(
            decision(Self.held, .standby(Fixture.running()), ReinitializeOrder(id: "c", member: "demo-2")).action
                == .wait)
        #expect(decision { $0.answeredReinitialize = "c" }.action == .wait)
        #expect(decision { $0.answeredReinitialize = "b" }.action == .reinitialize(order, from: "demo-1"))
    }

    @Test func `who has moved its data aside goes on as a member without data, and says when the copy streams`() {
        func goOn(_ server: ServerState) -> Decision { decision(Self.held, server) { $0.begunReinitialize = "c" } }
        #expect(goOn(.noData).action == .clone(from: "demo-1"))
        #expect(goOn(Fixture.stopped(wasPrimary: false)).action == .rejoin("demo-1", from: "demo-1"))
        var silent = Fixture.running()
        silent.isStreaming = false
        #expect(goOn(.standby(silent)).action == .wait)
        guard case .answerReinitialize(let report) = goOn(.standby(Fixture.running())).action else {
            Issue.record("it does not answer")
            return
        }
        #expect(report.outcome == .succeeded && report.id == "c")
        // Of an order before this one.
        let other = decision { $0.begunReinitialize = "b" }
        #expect(other.action == .reinitialize(order, from: "demo-1"))
    }

    @Test func `while paused a copy that is complete is started, and no other server that is stopped`() {
        let stopped = Fixture.stopped(wasPrimary: false)
        func paused(_ lock: LockStanding = Self.held, begun: String?, _ change: (inout Observation) -> Void = { _ in })
            -> Action
        {
            decision(lock, stopped) {
                $0.cluster.configuration.isPaused = true
                $0.begunReinitialize = begun
                change(&$0)
            }.action
        }
        #expect(paused(begun: "c") == .rejoin("demo-1", from: "demo-1"))
        #expect(paused(begun: "c") { $0.tags.streamsFromNobody = true } == .rejoin("demo-1", from: nil))
        #expect(
            paused(begun: "c") { $0.tags.replicatesFrom = "demo-2" }
                == decision(Self.held, stopped) {
                    $0.begunReinitialize = "c"
                    $0.tags.replicatesFrom = "demo-2"
                }.action)
        #expect(paused(begun: "c") { $0.cluster.members["demo-1"]?.state = .starting } == .wait)
        #expect(paused(.expired(holder: "demo-1"), begun: "c") == .wait)
        #expect(paused(begun: "c") { $0.answeredReinitialize = "c" } == .wait)
        #expect(paused(begun: "c") { $0.cluster.reinitialize?.member = "demo-2" } == .wait)
        #expect(paused(begun: nil) { $0.cluster.reinitialize = nil } == .wait)
    }

    @Test func `a copy that will never stream, or that leads by now, is complete`() {
        func isDone(
            _ lock: LockStanding, _ server: ServerState, _ change: @escaping (inout Observation) -> Void = { _ in }
        )
            -> Bool
        {
            let decision = decision(lock, server) {
                $0.begunReinitialize = "c"
                change(&$0)
            }
            guard case .answerReinitialize(let report) = decision.action else { return false }
            return report.outcome == .succeeded && report.id == "c"
        }
        var silent = Fixture.running()
        silent.isStreaming = false
        #expect(!isDone(Self.held, .standby(silent)))
        #expect(isDone(Self.held, .standby(silent)) { $0.tags.streamsFromNobody = true })
        #expect(!isDone(Self.held, Fixture.stopped(wasPrimary: false)) { $0.tags.streamsFromNobody = true })
        #expect(isDone(Fixture.mine, .primary(Fixture.running())))
        #expect(!isDone(Self.held, .primary(Fixture.running())))
        #expect(!isDone(.expired(holder: "demo-1"), .primary(Fixture.running())))
    }

    @Test func `what lies beside the data directory tells that it has begun, when nobody could say it`() {
        var view = Fixture.cluster(leader: "demo-1")
        let said = ReinitializeReport(id: "c", outcome: .running, reason: "stopping")
        #expect(view.reinitializeReport(of: "demo-0", nil, isKept: true) == nil)
        view.reinitialize = order
        #expect(view.reinitializeReport(of: "demo-0", nil, isKept: false) == nil)
        let found = view.reinitializeReport(of: "demo-0", nil, isKept: true)
        #expect(found?.id == "c" && found?.outcome == .running && found?.isMoved == true)
        #expect(view.reinitializeReport(of: "demo-1", nil, isKept: true) == nil)
        #expect(view.reinitializeReport(of: "demo-0", said, isKept: false)?.isMoved == nil)
        #expect(view.reinitializeReport(of: "demo-0", said, isKept: true)?.isMoved == true)
        // The old data was removed by hand.
        var moved = said
        moved.isMoved = true
        view.members["demo-0"]?.reinitialize = moved
        #expect(view.reinitializeReport(of: "demo-0", nil, isKept: false)?.isMoved == true)
        let done = ReinitializeReport(id: "c", outcome: .succeeded, reason: "done")
        #expect(view.reinitializeReport(of: "demo-0", done, isKept: true) == done)
    }

    @Test func `the volume is looked at only while nobody has said whether the data was moved`() {
        var view = Fixture.cluster(leader: "demo-1")
        view.reinitialize = order
        func looks(_ outcome: ReinitializeReport.Outcome?, isMoved: Bool? = nil) -> Bool {
            var hasLooked = false
            func look() -> Bool {
                hasLooked = true
                return true
            }
            let said = outcome.map { ReinitializeReport(id: "c", outcome: $0, reason: "said", isMoved: isMoved) }
            _ = view.reinitializeReport(of: "demo-0", said, isKept: look())
            return hasLooked
        }
        #expect(looks(nil) && looks(.running))
        #expect(!looks(.running, isMoved: true) && !looks(.succeeded) && !looks(.refused))
    }

    @Test func `why a copy failed is said until the next one gets on, and then whom that is made of`() {
        var requests = RequestKeeping()
        requests.noteCopy(for: "c", from: "demo-1", keptAs: "/old")
        #expect(requests.reinitialize?.reason == "copying from demo-1; the old data is kept as /old")
        #expect(requests.reinitialize?.isMoved == true && requests.reinitialize?.outcome == .running)
        requests.noteFailedCopy("full")
        let failed = "a copy from demo-1 failed and is tried again: full; the old data is kept as /old"
        #expect(requests.reinitialize?.reason == failed && requests.reinitialize?.isMoved == true)
        requests.noteCopy(from: "demo-2")
        // One that fails within moments is no news.
        #expect(requests.reinitialize?.reason == failed)
        let report = requests.reinitialize.map { requests.progress(47, of: $0) }
        #expect(report?.percent == 40 && report?.reason == "copying from demo-2; the old data is kept as /old")
        // Of an earlier life, which knows what this one does not.
        let other = ReinitializeReport(id: "b", outcome: .running, reason: "said", isMoved: true)
        #expect(requests.progress(9, of: other).reason == "said" && requests.progress(9, of: other).percent == 0)
        let done = ReinitializeReport(id: "c", outcome: .succeeded, reason: "done")
        requests.noteAnswer(done)
        requests.noteFailedCopy("of something else")
        #expect(requests.reinitialize == done)
    }

    @Test(
        arguments: [
            (10, nil, 10, false, true), (10, nil, 9, false, false), (10, nil, 9, true, true),
            (10, nil, 0, false, false), (10, 20, 19, false, false), (10, 20, 20, false, true),
            (10, 20, 0, true, true), (10, 5, 9, false, false), (10, 5, 10, false, true), (0, 20, 19, false, false),
        ] as [(UInt64, UInt64?, UInt64, Bool, Bool)])
    func `a copy has to fit beside the old data, unless it is forced`(
        _ size: UInt64, _ copy: UInt64?, _ free: UInt64, _ isForced: Bool, _ isBegun: Bool
    ) {
        let objection = objectionToRoom(
            for: ReinitializeOrder(id: "c", member: "demo-0", isForced: isForced), size: .mebibytes(size),
            copy: copy.map { .mebibytes($0) }, free: .mebibytes(free))
        #expect((objection == nil) == isBegun)
        if let copy, let objection { #expect(objection.contains("the databases to copy take \(copy) MiB")) }
        #expect(objection.map { $0.contains("\(free) MiB are free") } ?? true)
    }

    @Test func `a copy that runs is let be, and broken off by a stop`() {
        #expect(decision(Self.held, .noData) { $0.activity = .reinitializing }.action == .wait)
        #expect(Activity.reinitializing.isBrokenOffByStop && !Activity.reinitializing.needsLock)
        #expect(decision { $0.isStopping = true }.action == .shutDown)
    }

    @Test func `a member's answer to an order is this life's, or that of an earlier one, and to no other order`() {
        var view = Fixture.cluster(leader: "demo-1")
        let mine = ReinitializeReport(id: "c", outcome: .succeeded, reason: "mine")
        let earlier = ReinitializeReport(id: "c", outcome: .running, reason: "earlier", percent: 40)
        let other = ReinitializeReport(id: "b", outcome: .succeeded, reason: "other")
        #expect(view.reinitializeAnswer(of: "demo-0", mine) == nil)
        view.reinitialize = order
        let rows: [(own: ReinitializeReport?, published: ReinitializeReport?, answer: ReinitializeReport?)] = [
            (nil, nil, nil), (mine, nil, mine), (nil, earlier, earlier), (mine, earlier, mine),
            (other, earlier, earlier), (other, nil, nil), (nil, other, nil),
        ]
        for row in rows {
            view.members["demo-0"]?.reinitialize = row.published
            #expect(view.reinitializeAnswer(of: "demo-0", row.own) == row.answer)
        }
        #expect(view.reinitializeAnswer(of: "demo-1", mine) == nil)
    }
}
