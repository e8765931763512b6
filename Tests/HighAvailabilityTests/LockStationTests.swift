import HighAvailability
import Testing
import Units

/// The order of what happens to the lock: init has the deadline before anybody here believes.
@Suite struct LockStationTests {
    private let start = BootInstant(nanoseconds: 9_000_000_000)
    /// A write sent at 0 protects until 17 s.
    private let timings = Timings.standard
    private let me = HolderIdentity(member: "demo-0", podUID: "u0", nonce: "n1")
    private let other = HolderIdentity(member: "demo-1", podUID: "u1", nonce: "n9")
    private let list = FailsafeList([
        .init(name: "demo-0", apiURL: "a", podUID: "u0"), .init(name: "demo-1", apiURL: "b", podUID: "u1"),
    ])

    private func at(_ seconds: Double) -> BootInstant { start + .milliseconds(Int64(seconds * 1000)) }

    private func record(_ version: String, _ identity: HolderIdentity?, epoch: Int64 = 4) -> LockRecord {
        LockRecord(
            version: version, leader: identity?.member, identity: identity, epoch: epoch, renewal: version,
            ttl: timings.ttl, transitions: 1, failsafe: list, objectUID: "lock")
    }

    /// Has read a free lock and is about to be answered that it has taken it.
    private func taking() -> LockStation {
        var station = LockStation(me: me)
        station.listed(record("1", nil, epoch: 3), at: start)
        let asked = station.beginAcquisition(over: record("1", nil, epoch: 3), listIsGone: false, at: start, timings)
        #expect(
            asked == [.write(.acquisition(over: record("1", nil, epoch: 3)), deadline: start + timings.retryTimeout)])
        station.answered(record("2", me), at: start)
        return station
    }

    private func holding() -> LockStation {
        var station = taking()
        let landed = station.landed(record("2", me), sentAt: start, timings)
        let rest = station.settle(landed) { _ in true }
        #expect(rest == [.tell, .hold])
        return station
    }

    /// A copy is asked: looking changes what was seen of a death.
    private func standing(_ station: LockStation, at seconds: Double = 0) -> LockStanding {
        var station = station
        return station.standing(at: at(seconds), ttl: timings.ttl)
    }

    private let until17: LockDirective = .fence(.arm(until: BootInstant(nanoseconds: 26_000_000_000)))

    // MARK: Taking it

    @Test func `a lock that was taken is believed in when init has the deadline, and not before`() {
        var station = taking()
        let landed = station.landed(record("2", me), sentAt: start, timings)
        #expect(landed == [until17])
        #expect(station.held == nil && !standing(station).isMine)
        let told = station.isTold()
        #expect(told == [.tell, .hold])
        #expect(station.held?.until == at(17))
        #expect(standing(station, at: 16) == .mine(until: at(17)))
        #expect(!standing(station, at: 17).isMine)
    }

    @Test func `a lock that was taken is given up when init cannot be told`() {
        var station = taking()
        let landed = station.landed(record("2", me), sentAt: start, timings)
        let rest = station.settle(landed) { _ in false }
        #expect(rest == [.tell])
        #expect(station.held == nil && station.end == .lost && !standing(station).isMine)
        // It may have heard all the same.
        #expect(station.fence == .raised)
    }

    @Test func `an order is carried out before anything that follows from it is said`() {
        var station = taking()
        let landed = station.landed(record("2", me), sentAt: start, timings)
        let before = station
        var orders: [FenceOrder] = []
        let rest = station.settle(landed) { order in
            #expect(before.held == nil)
            orders.append(order)
            return true
        }
        #expect(orders == [.arm(until: at(17))])
        #expect(rest == [.tell, .hold])
    }

    @Test func `a lock that is lost while init is told is not believed in afterwards`() throws {
        var station = holding()
        let asked = station.renew(at: at(5), leaving: list, timings)
        #expect(asked == [.write(.renewal(of: record("2", me)), deadline: at(10))])
        let landed = station.landed(record("3", me), sentAt: at(5), timings)
        #expect(landed == [.fence(.arm(until: at(22)))])
        let later = try #require(Reign(record("4", other, epoch: 5)))
        let over = station.hasEnded(bySightOf: later)
        #expect(over == [.tell])
        let told = station.isTold()
        #expect(told == [])
        #expect(station.held == nil && station.end == .lost && !standing(station, at: 5).isMine)
    }

    @Test func `what init says unasked changes nothing`() {
        var station = holding()
        let before = station
        let told = station.isTold()
        let deaf = station.isDeaf()
        #expect(told == [] && deaf == [])
        #expect(station == before)
    }

    @Test func `an answer to a write nobody waits for makes nobody the holder`() {
        var station = LockStation(me: me)
        station.listed(record("2", me), at: start)
        let landed = station.landed(record("2", me), sentAt: start, timings)
        #expect(landed == [])
        #expect(!standing(station).isMine)
    }

    @Test func `an acquisition whose outcome is unknown lets nobody have a promise from here`() {
        var station = taking()
        station.listed(record("1", nil, epoch: 3), at: start)
        _ = station.beginAcquisition(over: record("1", nil, epoch: 3), listIsGone: false, at: start, timings)
        let unknown = station.outcomeIsUnknown(at: at(1))
        #expect(unknown == [])
        let request = FailsafeRequest(
            leader: "demo-1",
            claim: .init(identity: other, epoch: 4, ttl: timings.ttl, member: "demo-0", podUID: "u0"))
        let answer = station.answer(request, isPrimary: false, ttl: timings.ttl, at: at(1))
        #expect(answer == .refused("I am taking the lock"))
    }

    // MARK: Keeping it

    @Test func `a renewal moves the end when init has the new one, and not before`() {
        var station = holding()
        _ = station.beat(at: at(5), mayRenew: true, leaving: list, timings)
        station.answered(record("3", me), at: at(5))
        let landed = station.landed(record("3", me), sentAt: at(5), timings)
        #expect(landed == [.fence(.arm(until: at(22)))])
        #expect(station.held?.until == at(17))
        #expect(standing(station, at: 6) == .mine(until: at(17)))
        _ = station.isTold()
        #expect(station.held?.until == at(22))
        #expect(standing(station, at: 6) == .mine(until: at(22)))
    }

    @Test func `a renewal with a shorter ttl is sent when init has the nearer end, and not before`() {
        var station = holding()
        // ttl 10, fenceMargin 1.5: a write sent at 5 s protects until 13.5 s.
        let asked = station.beat(at: at(5), mayRenew: true, leaving: list, .fast)
        #expect(asked == [.fence(.arm(until: at(13.5)))])
        let told = station.isTold()
        #expect(told == [.tell, .write(.renewal(of: record("2", me)), deadline: at(8))])
        #expect(station.held?.until == at(13.5))
        #expect(standing(station, at: 6) == .mine(until: at(13.5)))
    }

    @Test func `a renewal with a shorter ttl is not sent when init cannot be told`() {
        var station = holding()
        let asked = station.beat(at: at(5), mayRenew: true, leaving: list, .fast)
        let rest = station.settle(asked) { _ in false }
        #expect(rest == [.tell])
        #expect(station.held == nil && station.end == .lost && station.attempt == nil)
    }

    @Test func `a renewal that is answered after the lock was lost makes nobody the holder again`() throws {
        var station = holding()
        _ = station.renew(at: at(5), leaving: list, timings)
        _ = station.hasEnded(bySightOf: try #require(Reign(record("4", other, epoch: 5))))
        station.answered(record("3", me), at: at(5))
        let landed = station.landed(record("3", me), sentAt: at(5), timings)
        #expect(landed == [])
        #expect(!standing(station, at: 5).isMine)
    }

    @Test func `a lock nobody could renew is given up and told when its time is over`() {
        var station = holding()
        let withheld = station.beat(at: at(16), mayRenew: false, leaving: list, timings)
        #expect(withheld == [.say(.withheld)])
        let over = station.beat(at: at(17), mayRenew: false, leaving: list, timings)
        #expect(over == [.say(.ranOut), .tell])
        #expect(station.end == .ranOut)
    }

    // MARK: By consent

    @Test func `the members' consent keeps a leader when init has the new end, and not before`() throws {
        var station = holding()
        _ = station.renew(at: at(6), leaving: list, timings)
        let unknown = station.outcomeIsUnknown(at: at(11))
        #expect(unknown == [])
        let begun = station.beginRound(at: at(11), mayRenew: true, timings)
        let round = try #require(begun)
        let ended = station.ended(round, .stay, at: at(12))
        #expect(ended == [.fence(.arm(until: at(28)))])
        #expect(station.held?.until == at(17) && station.held?.isByConsent == false)
        #expect(standing(station, at: 12) == .mine(until: at(17)))
        let told = station.isTold()
        #expect(told == [.tell, .hold])
        #expect(station.held?.until == at(28) && station.held?.isByConsent == true)
        #expect(standing(station, at: 20) == .mine(until: at(28)))
    }

    @Test func `the members' consent is worth nothing when init cannot be told`() throws {
        var station = holding()
        let begun = station.beginRound(at: at(11), mayRenew: true, timings)
        let ended = station.ended(try #require(begun), .stay, at: at(12))
        let rest = station.settle(ended) { _ in false }
        #expect(rest == [.tell])
        #expect(station.held == nil && station.end == .lost)
    }

    // MARK: Letting it go, and the fence

    @Test func `a lock that is held keeps its fence, and one that was let go does not`() {
        var station = holding()
        let kept = station.lowerFence(at: at(1))
        #expect(kept == [] && station.fence == .raised)
        let asked = station.beginRelease(at: at(2), timings)
        #expect(asked == [.write(.release(of: record("2", me)), deadline: at(7))])
        let released = station.released()
        #expect(released == [.tell] && station.end == nil && !standing(station, at: 2).isMine)
        let lowered = station.lowerFence(at: at(2))
        #expect(lowered == [.fence(.disarm)])
        #expect(station.fence == .raised)
        _ = station.isTold()
        #expect(station.fence == .lowered)
    }

    @Test func `a fence that could not be lowered stays in force`() {
        var station = LockStation(me: me, fence: .raised)
        let lowered = station.lowerFence(at: start)
        _ = station.settle(lowered) { _ in false }
        #expect(station.fence == .raised)
    }

    @Test func `a standby leader renews without a deadline, until its fence is required again`() {
        var station = holding()
        let relaxed = station.relaxFence()
        _ = station.settle(relaxed) { _ in true }
        #expect(station.fence == .relaxed)
        _ = station.beat(at: at(5), mayRenew: true, leaving: list, timings)
        let landed = station.landed(record("3", me), sentAt: at(5), timings)
        #expect(landed == [.tell, .hold])
        let required = station.requireFence(at: at(6))
        #expect(required == [.fence(.arm(until: at(22)))])
        let over = station.requireFence(at: at(22))
        #expect(over == [.tell, .say(.notHeld)])
    }

    // MARK: Who is woken

    private func renewed(_ version: String, _ identity: HolderIdentity?, position: UInt64? = nil) -> LockRecord {
        var renewed = record(version, identity)
        renewed.position = position.map { LSN(rawValue: $0) }
        return renewed
    }

    @Test func `another's renewal in time is no news, and whatever else it says is`() {
        var station = LockStation(me: me)
        station.listed(record("2", other), at: start)
        #expect(!station.isNews(record("2", other), at: at(5)) && !station.isNews(record("3", other), at: at(5)))
        #expect(station.isNews(renewed("3", other, position: 7), at: at(5)) && station.isNews(nil, at: at(5)))
        #expect(station.isNews(record("3", other, epoch: 5), at: at(5)) && station.isNews(record("3", nil), at: at(5)))
        // Somebody may be about to take it.
        #expect(station.isNews(record("3", other), at: at(10)))
        station.watched(record("3", other), at: at(5))
        #expect(!station.isNews(record("4", other), at: at(10)))
    }

    @Test func `a renewal is news to who has promised not to replace its writer`() {
        var station = LockStation(me: me)
        station.listed(record("2", other), at: start)
        let request = FailsafeRequest(
            leader: "demo-1",
            claim: .init(identity: other, epoch: 4, ttl: timings.ttl, member: "demo-0", podUID: "u0"))
        let answer = station.answer(request, isPrimary: false, ttl: timings.ttl, at: at(1))
        #expect(answer == .accepted && station.isNews(record("3", other), at: at(5)))
    }

    @Test func `an own renewal is news once, by its outcome, whichever of its answer and the watch comes first`() {
        var station = holding()
        _ = station.renew(at: at(5), leaving: list, timings)
        let new = renewed("3", me, position: 7)
        #expect(!station.isNews(new, at: at(5)))
        station.watched(new, at: at(5))
        #expect(!station.isNews(new, at: at(5)) && !station.isRoutine(new, at: at(5), timings))
        station.answered(new, at: at(5))
        let landed = station.landed(new, sentAt: at(5), timings)
        #expect(station.settle(landed) { _ in true } == [.tell, .hold])
        // The watch may be the slower one, too.
        #expect(!station.isNews(new, at: at(5)) && station.isNews(renewed("4", me, position: 8), at: at(5)))
    }

    @Test func `an own renewal that moves the end alone is news when the end was near, or by consent`() {
        var station = holding()
        _ = station.renew(at: at(5), leaving: list, timings)
        #expect(station.isRoutine(record("3", me), at: at(5), timings))
        #expect(!station.isRoutine(record("3", me), at: at(7), timings))
        #expect(!LockStation(me: me).isRoutine(record("3", me), at: at(5), timings))
    }

    @Test func `whoever else is seen while an own renewal is under way is news at once`() throws {
        var station = holding()
        _ = station.renew(at: at(5), leaving: list, timings)
        for seen in [record("3", other), record("3", other, epoch: 5), record("3", me, epoch: 5), record("3", nil)] {
            #expect(station.isNews(seen, at: at(5)))
        }
        let ended = station.hasEnded(bySightOf: try #require(Reign(record("9", other, epoch: 5))))
        #expect(ended == [.tell] && station.isNews(renewed("3", me, position: 7), at: at(5)))
    }

    @Test func `each reign begins fenced`() {
        var station = holding()
        let relaxed = station.relaxFence()
        _ = station.settle(relaxed) { _ in true }
        _ = station.beginRelease(at: at(1), timings)
        _ = station.released()
        station.answered(record("3", nil), at: at(1))
        _ = station.beginAcquisition(over: record("3", nil), listIsGone: false, at: at(2), timings)
        station.answered(record("4", me, epoch: 5), at: at(2))
        let landed = station.landed(record("4", me, epoch: 5), sentAt: at(2), timings)
        #expect(landed == [.fence(.arm(until: at(19)))])
    }
}
