import HighAvailability
import Testing
import Units

/// A forced failover: Patroni's key `failover` with a member and no leader.
@Suite struct ForcedFailoverTests {
    private func report(
        _ name: String, _ position: UInt64 = 1000, timeline: UInt32 = 2, sealed: Int64? = nil, isPrimary: Bool = false,
        isEligible: Bool = true
    ) -> PositionReport {
        PositionReport(
            name: name, isPrimary: isPrimary, timeline: Timeline(rawValue: timeline), position: LSN(rawValue: position),
            isEligible: isEligible, sealedEpoch: sealed)
    }

    private func verdict(
        _ request: FailoverRequest?, _ me: PositionReport, _ others: [PositionReport] = [], published: UInt64? = nil,
        synchronous: SynchronousElection? = nil
    ) -> CandidacyVerdict {
        judgeCandidacy(
            Candidacy(
                me: me, others: others, lastKnownPosition: published.map { LSN(rawValue: $0) },
                recordedTimeline: Timeline(rawValue: 2), maximumLag: ByteCount(rawValue: 100), synchronous: synchronous,
                request: request))
    }

    private func runs(_ verdict: CandidacyVerdict) -> Bool { if case .run = verdict { true } else { false } }
    private func loss(_ verdict: CandidacyVerdict) -> String? {
        if case .runAtLoss(let text) = verdict { text } else { nil }
    }
    private func yields(_ verdict: CandidacyVerdict) -> Bool { if case .yield = verdict { true } else { false } }

    private let forced = FailoverRequest(candidate: "demo-1", requestID: "f")

    @Test func `the candidate runs whatever it lacks, and says which WAL that is`() {
        let late = verdict(forced, report("demo-1"), published: 5000)
        #expect(loss(late)?.contains("exceeds maximum replication lag") == true)
        #expect(loss(late)?.contains("WAL from 0/3E8 to 0/1388") == true)
        let behind = verdict(forced, report("demo-1"), [report("demo-2", 3000)])
        #expect(loss(behind)?.contains("WAL from 0/3E8 to 0/BB8") == true)
    }

    @Test func `a candidate the ordinary election would have chosen loses nothing, and does not say it does`() {
        #expect(runs(verdict(forced, report("demo-1"), [report("demo-2", 999)], published: 1050)))
    }

    @Test func `without the request the same member yields`() {
        #expect(yields(verdict(nil, report("demo-1"), published: 5000)))
        #expect(
            yields(verdict(FailoverRequest(leader: "demo-0", candidate: "demo-1"), report("demo-1"), published: 5000)))
        #expect(yields(verdict(FailoverRequest(candidate: "demo-2"), report("demo-1"), published: 5000)))
    }

    @Test func `the others wait for a candidate that answers and may lead, however far behind it is`() {
        #expect(yields(verdict(forced, report("demo-2", 3000), [report("demo-1")])))
        #expect(runs(verdict(forced, report("demo-2", 3000), [])))
        #expect(runs(verdict(forced, report("demo-2", 3000), [report("demo-1", isEligible: false)])))
        #expect(runs(verdict(forced, report("demo-2", 3000), [report("demo-1", timeline: 1)])))
    }

    @Test func `neither a living primary, a timeline that was left, nor a tag is set aside`() {
        #expect(yields(verdict(forced, report("demo-1"), [report("demo-0", 10, isPrimary: true)])))
        #expect(yields(verdict(forced, report("demo-1", timeline: 1))))
        #expect(yields(verdict(forced, report("demo-1", isEligible: false))))
    }

    @Test(arguments: [SynchronousMode.on, .quorum])
    func `in a synchronous mode only the candidate of a forced failover passes without being recorded`(
        _ mode: SynchronousMode
    ) {
        let election = SynchronousElection(
            mode: mode, record: SynchronousState(leader: "demo-0", members: ["demo-2", "demo-3"], quorum: 0), epoch: 8)
        let late = verdict(forced, report("demo-1"), published: 5000, synchronous: election)
        #expect(loss(late)?.contains("synchronous standby") == true)
        let planned = FailoverRequest(leader: "demo-0", candidate: "demo-1")
        #expect(yields(verdict(planned, report("demo-1"), synchronous: election)))
        #expect(yields(verdict(forced, report("demo-2"), [report("demo-1")], synchronous: election)))
    }

    @Test func `a planned switchover whose leader has gone decides among equals only`() {
        let planned = FailoverRequest(leader: "demo-0", candidate: "demo-2")
        #expect(yields(verdict(planned, report("demo-1"), [report("demo-2")])))
        #expect(runs(verdict(planned, report("demo-2"), [report("demo-1")])))
        #expect(runs(verdict(planned, report("demo-1", 1001), [report("demo-2")])))
        // The one that is to step down leads again only when no other can.
        let away = FailoverRequest(leader: "demo-0")
        #expect(yields(verdict(away, report("demo-0"), [report("demo-1")])))
        #expect(runs(verdict(away, report("demo-1"), [report("demo-0")])))
        #expect(runs(verdict(away, report("demo-0"))))
        #expect(runs(verdict(away, report("demo-0", 1001), [report("demo-1")])))
    }

    // MARK: Where a lock is held or the cluster is paused

    private func decision(
        _ lock: LockStanding, _ server: ServerState, _ request: FailoverRequest?, isPaused: Bool = false,
        change: (inout Observation) -> Void = { _ in }
    ) -> Decision {
        decide(
            Fixture.observation(lock: lock, server: server, leader: lock.isMine ? "demo-0" : nil) {
                $0.cluster.failover = request
                $0.cluster.configuration.isPaused = isPaused
                change(&$0)
            })
    }

    @Test(arguments: [
        Fixture.stopped(wasPrimary: true), .starting(systemIdentifier: Fixture.identifier),
        .unresponsive(systemIdentifier: Fixture.identifier),
    ])
    func `a holder whose primary does not run lets the lock go, for a forced failover alone`(_ server: ServerState) {
        #expect(decision(Fixture.mine, server, forced).action == .release)
        for request in [
            nil, FailoverRequest(leader: "demo-0", candidate: "demo-1"), FailoverRequest(candidate: "demo-9"),
        ] {
            #expect(decision(Fixture.mine, server, request).action != .release)
        }
        #expect(
            decision(Fixture.mine, server, forced) { $0.cluster.members["demo-1"]?.state = .stopped }.action != .release
        )
    }

    @Test func `a holder that was elected because the candidate could not lead lets go no more for it`() {
        let stopped = Fixture.stopped(wasPrimary: true)
        #expect(decision(Fixture.mine, stopped, forced) { $0.wonRequest = forced }.action == .startPrimary)
        let starting = decision(Fixture.mine, stopped, forced) {
            $0.wonRequest = forced
            $0.activity = .startingPrimary
        }
        #expect(starting.action == .wait)
        // Somebody asks again.
        let again = FailoverRequest(candidate: "demo-1", requestID: "g")
        #expect(decision(Fixture.mine, stopped, again) { $0.wonRequest = forced }.action == .release)
    }

    @Test func `a start that takes long is broken off for a forced failover`() {
        let starting = Fixture.stopped(wasPrimary: true)
        #expect(decision(Fixture.mine, starting, forced) { $0.activity = .startingPrimary }.action == .demote)
        #expect(decision(Fixture.mine, starting, nil) { $0.activity = .startingPrimary }.action == .wait)
    }

    @Test func `a primary that runs hands over in order`() {
        #expect(
            decision(Fixture.mine, .primary(Fixture.running()), forced).action
                == .handOver(to: "demo-1", requestID: "f"))
    }

    @Test func `while paused only who was named takes a free lock, and leads`() {
        let standby = ServerState.standby(Fixture.running())
        let mine = FailoverRequest(candidate: "demo-0")
        let expired = LockStanding.expired(holder: "demo-1")
        #expect(decision(expired, standby, mine, isPaused: true).action == .race)
        #expect(decision(expired, standby, forced, isPaused: true).action == .wait)
        #expect(
            decision(expired, standby, FailoverRequest(leader: "demo-1", candidate: "demo-0"), isPaused: true).action
                == .wait)
        #expect(
            decision(.released(heir: "demo-0", since: Fixture.now), standby, nil, isPaused: true).action == .acquire)
        #expect(decision(.released(heir: "demo-1", since: Fixture.now), standby, nil, isPaused: true).action == .wait)
        #expect(decision(Fixture.mine, standby, nil, isPaused: true).action == .release)
        #expect(
            decision(Fixture.mine, standby, nil, isPaused: true) { $0.isElectedByRequest = true }.action == .promote)
    }
}
