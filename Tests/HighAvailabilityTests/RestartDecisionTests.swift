import HighAvailability
import Testing

@Suite struct RestartDecisionTests {
    private static let started = "2026-11-21 06:00:00.1+00:00"
    private let order = RestartOrder(id: "r", member: "demo-0", postmasterStartTime: started)

    private func server(isPending: Bool = true) -> RunningServer {
        var server = Fixture.running()
        server.postmasterStartTime = Self.started
        server.isRestartPending = isPending
        return server
    }

    private func decision(
        _ lock: LockStanding, _ server: ServerState, _ order: RestartOrder, isPaused: Bool = false,
        change: (inout Observation) -> Void = { _ in }
    ) -> Decision {
        decide(
            Fixture.observation(lock: lock, server: server, leader: lock.isMine ? "demo-0" : "demo-1") {
                $0.cluster.restart = order
                $0.cluster.configuration.isPaused = isPaused
                $0.followed = FollowedLeader(name: "demo-1", epoch: 3, host: "10.0.0.1", port: 5432)
                change(&$0)
            })
    }

    @Test(arguments: [false, true])
    func `who is asked restarts in the role it has, also while paused`(_ isPaused: Bool) {
        #expect(
            decision(Fixture.mine, .primary(server()), order, isPaused: isPaused).action == .restartInPlace(order))
        #expect(
            decision(.held(by: "demo-1"), .standby(server()), order, isPaused: isPaused).action
                == .restartInPlace(order))
    }

    @Test func `nobody else restarts, and nobody twice`() {
        var other = order
        other.member = "demo-1"
        #expect(decision(Fixture.mine, .primary(server()), other).action == .lead)
        #expect(decision(Fixture.mine, .primary(server()), order) { $0.answeredRestart = "r" }.action == .lead)
        var again = order
        again.id = "s"
        #expect(
            decision(Fixture.mine, .primary(server()), again) { $0.answeredRestart = "r" }.action
                == .restartInPlace(again))
    }

    private func outcome(_ decision: Decision) -> RestartReport.Outcome? {
        if case .answerRestart(let report) = decision.action { report.outcome } else { nil }
    }

    @Test func `what does not meet the conditions is skipped with a reason`() {
        var order = order
        order.postmasterStartTime = "2026-11-21 05:00:00+00:00"
        let meanwhile = decision(Fixture.mine, .primary(server()), order)
        #expect(outcome(meanwhile) == .skipped && meanwhile.reason.contains("restarted meanwhile"))
        order.postmasterStartTime = nil
        #expect(outcome(decision(Fixture.mine, .primary(server()), order)) == nil)
        order.onlyPending = true
        #expect(outcome(decision(Fixture.mine, .primary(server(isPending: false)), order)) == .skipped)
        #expect(outcome(decision(Fixture.mine, .primary(server(isPending: true)), order)) == nil)
        order.role = .replica
        let role = decision(Fixture.mine, .primary(server()), order)
        #expect(outcome(role) == .skipped && role.reason.contains("restart conditions are not satisfied"))
        #expect(decision(.held(by: "demo-1"), .standby(server()), order).action == .restartInPlace(order))
    }

    @Test func `a switchover goes before a restart, and without a leader nobody restarts`() {
        let both = decision(Fixture.mine, .primary(server()), order) {
            $0.cluster.failover = FailoverRequest(leader: "demo-0", candidate: "demo-1")
        }
        #expect(both.action == .handOver(to: "demo-1", requestID: nil))
        for lock in Fixture.locks where lock.isFree {
            for server in [ServerState.standby(server()), .primary(server())] {
                let action = decision(lock, server, order).action
                #expect(action != .restartInPlace(order), "\(lock)")
            }
        }
    }

    @Test func `a primary that loses its lock while it restarts is stopped, a standby goes on`() {
        let lost = decision(.held(by: "demo-1"), .primary(server()), order) { $0.activity = .restartingPrimary }
        #expect(lost == Decision(.demote, "lost leader lock during restart of the primary"))
        let standby = decision(.expired(holder: "demo-1"), .standby(server()), order) {
            $0.activity = .restartingStandby
        }
        #expect(standby.action == .wait)
    }

    @Test func `a member's answer to an order is this life's, or that of an earlier one, and to no other order`() {
        var view = Fixture.cluster(leader: "demo-0")
        let mine = RestartReport(id: "r", outcome: .succeeded, reason: "mine")
        let earlier = RestartReport(id: "r", outcome: .failed, reason: "earlier")
        let other = RestartReport(id: "q", outcome: .succeeded, reason: "other")
        #expect(view.restartAnswer(of: "demo-0", mine) == nil)
        view.restart = RestartOrder(id: "r", member: "demo-0")
        let rows: [(own: RestartReport?, published: RestartReport?, answer: RestartReport?)] = [
            (nil, nil, nil), (mine, nil, mine), (nil, earlier, earlier), (mine, earlier, mine),
            (other, earlier, earlier),
            (other, nil, nil), (nil, other, nil),
        ]
        for row in rows {
            view.members["demo-0"]?.restart = row.published
            #expect(view.restartAnswer(of: "demo-0", row.own) == row.answer)
        }
        #expect(view.restartAnswer(of: "demo-1", mine) == nil)
    }
}
