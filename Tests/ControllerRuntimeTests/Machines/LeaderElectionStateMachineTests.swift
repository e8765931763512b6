import KubernetesModels
import Testing

@testable import ControllerRuntime

@Suite struct LeaderElectionStateMachineTests {
    typealias Machine = LeaderElectionStateMachine<ManualClock.Instant>

    private let time = MicroTime(Timestamp(secondsSince1970: 1_000_000))

    private func machine(_ identity: String = "me") -> Machine {
        Machine(identity: identity, timings: ElectionTimings())
    }

    private func lease(_ holder: String, version: String, seconds: Int = 15, transitions: Int = 3) -> Lease {
        Lease(
            metadata: ObjectMeta(name: "l", namespace: "n", resourceVersion: version),
            spec: LeaseSpec(holderIdentity: holder, leaseDurationSeconds: seconds, leaseTransitions: transitions))
    }

    @Test func `without a lease one is created`() {
        var machine = machine()
        let spec = LeaseSpec(
            holderIdentity: "me", leaseDurationSeconds: 15, acquireTime: time, renewTime: time, leaseTransitions: 0)
        #expect(machine.decide(nil, now: .at(.zero), time: time) == .create(spec))
        #expect(!machine.isLeader)
        machine.wrote(lease("me", version: "1"), sentAt: .at(.seconds(1)))
        #expect(machine.role == .leader(renewedAt: .at(.seconds(1))))
        #expect(machine.mustStopAt == .at(.seconds(11)))
    }

    @Test func `a foreign lease is taken only after 15 s without a change, whatever its times say`() {
        var machine = machine()
        #expect(
            machine.decide(lease("other", version: "1"), now: .at(.zero), time: time)
                == .wait(until: .at(.seconds(2)), holder: "other"))
        // A renewal starts the wait over.
        _ = machine.decide(lease("other", version: "2"), now: .at(.seconds(10)), time: time)
        #expect(
            machine.decide(lease("other", version: "2"), now: .at(.milliseconds(24_999)), time: time)
                == .wait(until: .at(.seconds(25)), holder: "other"))
        guard
            case .write(let spec, "2") = machine.decide(
                lease("other", version: "2"), now: .at(.seconds(25)), time: time)
        else {
            Issue.record("the dead holder's lease must be taken")
            return
        }
        #expect(spec.holderIdentity == "me")
        #expect(spec.leaseTransitions == 4)
    }

    @Test func `a released lease is taken at once`() {
        var machine = machine()
        guard case .write(let spec, "7") = machine.decide(lease("", version: "7"), now: .at(.zero), time: time) else {
            Issue.record("a released lease must be taken")
            return
        }
        #expect(spec.holderIdentity == "me")
    }

    @Test func `the duration another holder wrote is respected`() {
        var machine = machine()
        _ = machine.decide(lease("other", version: "1", seconds: 60), now: .at(.zero), time: time)
        #expect(
            machine.decide(lease("other", version: "1", seconds: 60), now: .at(.seconds(59)), time: time)
                == .wait(until: .at(.seconds(60)), holder: "other"))
    }

    @Test func `a renewal keeps the acquire time and counts no transition`() {
        var machine = machine()
        let acquired = MicroTime(Timestamp(secondsSince1970: 5))
        var own = lease("me", version: "3")
        own.spec?.acquireTime = acquired
        machine.wrote(own, sentAt: .at(.zero))
        guard case .write(let spec, "3") = machine.decide(own, now: .at(.seconds(2)), time: time) else {
            Issue.record("the leader must renew")
            return
        }
        #expect(spec.acquireTime == acquired)
        #expect(spec.renewTime == time)
        #expect(spec.leaseTransitions == 3)
    }

    @Test func `a write whose answer was lost is settled by reading it back`() {
        var machine = machine()
        _ = machine.decide(nil, now: .at(.zero), time: time)
        guard case .write(_, "5") = machine.decide(lease("me", version: "5"), now: .at(.seconds(2)), time: time) else {
            Issue.record("its own lease must be renewed")
            return
        }
    }

    @Test func `a leader that sees another holder leads no more`() {
        var machine = machine()
        machine.wrote(lease("me", version: "1"), sentAt: .at(.zero))
        _ = machine.decide(lease("other", version: "2"), now: .at(.seconds(2)), time: time)
        #expect(!machine.isLeader)
        #expect(machine.mustStopAt == nil)
        #expect(machine.release(time: time) == nil)
    }

    @Test func `a leader renews over the version it wrote last, a follower never`() {
        var machine = machine()
        #expect(machine.renewal(time: time) == nil)
        machine.wrote(lease("me", version: "4"), sentAt: .at(.zero))
        let renewal = machine.renewal(time: time)
        #expect(renewal?.resourceVersion == "4")
        #expect(renewal?.spec.holderIdentity == "me")
        #expect(renewal?.spec.renewTime == time)
        #expect(renewal?.spec.leaseTransitions == 3)
        machine.lost()
        #expect(machine.renewal(time: time) == nil)
    }

    @Test func `release empties the holder over the version that was written last`() {
        var machine = machine()
        machine.wrote(lease("me", version: "9"), sentAt: .at(.zero))
        let release = machine.release(time: time)
        #expect(release?.spec.holderIdentity == "")
        #expect(release?.spec.leaseDurationSeconds == 1)
        #expect(release?.resourceVersion == "9")
        #expect(!machine.isLeader)
    }
}
