import HighAvailability
import Units

/// What the operator and people ask of a member.
extension Agent {
    /// What this member has answered to the order in the store; an earlier life's answer counts too.
    var answeredRestart: RestartReport? {
        view.restartAnswer(of: me, restartReport)
    }

    /// Restarts the leader's server in place: the lock is renewed meanwhile.
    func restartPrimary(_ order: RestartOrder, _ done: @escaping (Bool) -> Void) {
        after(
            world.random.next(in: 5_000...80_000),
            guarded { [self] in
                guard standing().isMine else {
                    answer(order, .failed)
                    return done(false)
                }
                stopCleanly(within: .seconds(60)) { [self] position in
                    guard position != nil else { return giveUpRestart(order, done) }
                    startPrimary { [self] isUp in
                        guard isUp else { return giveUpRestart(order, done) }
                        answer(order, .succeeded)
                        done(true)
                    }
                }
            })
    }

    private func giveUpRestart(_ order: RestartOrder, _ done: @escaping (Bool) -> Void) {
        answer(order, .failed)
        guard standing().isMine, postgres.process != .primary else { return done(false) }
        killServer { [self] _ in submit(.release(heir: nil, position: nil) { _ in done(false) }) }
    }

    /// Restarts a standby in place, once no commit waits for it.
    func restartStandby(_ order: RestartOrder, _ done: @escaping (Bool) -> Void) {
        let leader = followed?.name
        leaveSynchronous(until: now + timings.ttl) { [self] in
            stopCleanly(within: .seconds(60)) { [self] _ in
                startStandby(leader == station.record?.leader ? leader : nil) { [self] isUp in
                    answer(order, isUp ? .succeeded : .failed)
                    done(isUp)
                }
            }
        }
    }

    private func answer(_ order: RestartOrder, _ outcome: RestartReport.Outcome) {
        world.note("\(me): restart \(order.id) \(outcome.rawValue)")
        restartReport = RestartReport(id: order.id, outcome: outcome, reason: outcome.rawValue)
    }

    /// The request this member was elected with has come to its end, whoever was meant.
    func finishWonRequest() {
        guard let won = wonRequest else { return }
        wonRequest = nil
        if won.outcome(for: me) != nil { finish(won.request) }
    }
}
