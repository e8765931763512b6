import HighAvailability
import Testing
import Units

@Suite struct FailsafeKeepingTests {
    /// ttl 10, loopWait 2, retryTimeout 3, fenceMargin 1.5: a write sent at 0 protects until 8.5 s.
    private let timings = Timings.fast
    private let start = BootInstant(nanoseconds: 5_000_000_000)
    private let me = HolderIdentity(member: "demo-0", podUID: "u0", nonce: "n")
    private let list = FailsafeList([
        .init(name: "demo-0", apiURL: "a", podUID: "u0"), .init(name: "demo-1", apiURL: "b", podUID: "u1"),
    ])

    private func at(_ seconds: Double) -> BootInstant { start + .milliseconds(Int64(seconds * 1000)) }

    private func record(_ version: String = "a", failsafe: FailsafeList? = nil) -> LockRecord {
        LockRecord(
            version: version, leader: "demo-0", identity: me, epoch: 4, failsafe: failsafe ?? list, objectUID: "o")
    }

    private func held() -> LockKeeping {
        var keeping = LockKeeping()
        keeping.confirmed(record(), sentAt: start, timings)
        return keeping
    }

    private func round(_ keeping: inout LockKeeping, at seconds: Double) throws -> FailsafeRound {
        let begun = keeping.beginRound(at: at(seconds), mayRenew: true, timings)
        return try #require(begun)
    }

    // MARK: When

    @Test func `members are asked half a budget after a renewal was due, and at once when it came to nothing`() {
        var slow = held()
        #expect(slow.beginRound(at: at(3.4), mayRenew: true, timings) == nil)
        #expect(slow.beginRound(at: at(3.5), mayRenew: true, timings) != nil)
        var refused = held()
        #expect(refused.outcomeIsUnknown(at: at(2.1)) == .rest)
        #expect(refused.beginRound(at: at(2.1), mayRenew: true, timings) != nil)
    }

    @Test func `nobody is asked for an ill server, without a list, or after the end`() {
        var keeping = held()
        #expect(keeping.beginRound(at: at(4), mayRenew: false, timings) == nil)
        #expect(keeping.beginRound(at: at(8.5), mayRenew: true, timings) == nil)
        var alone = LockKeeping()
        alone.confirmed(record(failsafe: FailsafeList()), sentAt: start, timings)
        #expect(alone.beginRound(at: at(4), mayRenew: true, timings) == nil)
        var none = LockKeeping()
        #expect(none.beginRound(at: at(4), mayRenew: true, timings) == nil)
    }

    // MARK: What it gives

    @Test func `an agreed round counts from when it was sent, and the next one follows in time`() throws {
        var keeping = held()
        let first = try round(&keeping, at: 3.5)
        #expect(first.deadline == at(6.5) && first.ttl == timings.ttl && first.list == list && first.epoch == 4)
        #expect(keeping.ended(first, .stay, at: at(6.4)) == at(12))
        #expect(keeping.held?.until == at(12) && keeping.held?.isByConsent == true)
        #expect(keeping.beginRound(at: at(5.4), mayRenew: true, timings) == nil)
        #expect(keeping.beginRound(at: at(5.5), mayRenew: true, timings) != nil)
    }

    @Test func `an answer after the end is too late`() throws {
        var keeping = held()
        let late = try round(&keeping, at: 6)
        #expect(keeping.ended(late, .stay, at: at(8.5)) == nil)
        #expect(keeping.outcomeIsUnknown(at: at(8.5)) == .giveUp)
        #expect(keeping.end == .ranOut)
    }

    @Test func `a refused round moves nothing and is repeated soon`() throws {
        var keeping = held()
        let refused = try round(&keeping, at: 4)
        #expect(keeping.ended(refused, .fall(missing: ["demo-1"]), at: at(4.1)) == nil)
        #expect(keeping.held?.until == at(8.5) && keeping.held?.isByConsent == false)
        #expect(keeping.beginRound(at: at(4.5), mayRenew: true, timings) == nil)
        #expect(keeping.beginRound(at: at(4.6), mayRenew: true, timings) != nil)
    }

    @Test func `nothing overrides a lost lock`() throws {
        var keeping = held()
        let asked = try round(&keeping, at: 4)
        keeping.lost()
        #expect(keeping.ended(asked, .stay, at: at(4.1)) == nil)
        #expect(keeping.held == nil && keeping.end == .lost)
    }

    @Test func `a renewal confirmed meanwhile says more than the round`() throws {
        var keeping = held()
        let asked = try round(&keeping, at: 4)
        var short = timings
        short.ttl = .seconds(5)
        keeping.confirmed(record("b"), sentAt: at(4.5), short)
        #expect(keeping.ended(asked, .stay, at: at(5)) == nil)
        #expect(keeping.held?.until == at(8) && keeping.held?.isByConsent == false)
    }

    // MARK: What the store may show

    @Test func `a list that may have been written is asked too, until a write is confirmed`() throws {
        var keeping = held()
        let newcomer = FailsafeList.Entry(name: "demo-2", apiURL: "c", podUID: "u2")
        // In place of demo-1: if that write is lost, the store still lists the old one.
        let changed = FailsafeList(list.entries.filter { $0.name != "demo-1" }.union([newcomer]))
        #expect(keeping.willRenew(leaving: changed, at: at(2), timings) == nil)
        #expect(try round(&keeping, at: 4).list.entries == list.entries.union([newcomer]))
        keeping.confirmed(record("b"), sentAt: at(5), timings)
        #expect(try round(&keeping, at: 9).list == list)
    }

    @Test func `a shorter ttl that may have been written ends the lock earlier`() throws {
        var keeping = held()
        let before = try round(&keeping, at: 3.5)
        var short = timings
        short.ttl = .seconds(4)
        #expect(keeping.willRenew(leaving: list, at: at(4), short) == at(6.5))
        #expect(keeping.ended(before, .stay, at: at(4.2)) == nil)
        #expect(keeping.held?.until == at(6.5))
    }

    @Test func `consent lasts no longer than the ttl the store may show, whatever the timings are by now`() throws {
        // Longer timings that were never written: a member that starts again counts what it finds.
        var cutOff = held()
        let begun = cutOff.beginRound(at: at(3.5), mayRenew: true, .tolerant)
        let first = try #require(begun)
        #expect(first.ttl == timings.ttl && first.deadline == at(6.5))
        #expect(cutOff.ended(first, .stay, at: at(4)) == at(12))
        #expect(cutOff.beginRound(at: at(5.4), mayRenew: true, .tolerant) == nil)
        #expect(cutOff.beginRound(at: at(5.5), mayRenew: true, .tolerant) != nil)
        // Shorter ones that may have been written, and are not wanted any more.
        var wavering = LockKeeping()
        wavering.confirmed(record(), sentAt: start, .tolerant)
        _ = wavering.willRenew(leaving: list, at: at(1), timings)
        _ = wavering.outcomeIsUnknown(at: at(2))
        let wary = wavering.beginRound(at: at(2), mayRenew: true, .tolerant)
        let second = try #require(wary)
        #expect(second.ttl == timings.ttl && wavering.ended(second, .stay, at: at(2.1)) == at(10.5))
        wavering.confirmed(record("b"), sentAt: at(3), .tolerant)
        let sure = wavering.beginRound(at: at(40), mayRenew: true, .tolerant)
        let third = try #require(sure)
        #expect(third.ttl == Timings.tolerant.ttl)
    }

    // MARK: What a member has seen

    @Test func `a later reign that a member has seen ends the lock at once, and no late answer brings it back`() throws
    {
        var other = record("b")
        other.epoch = 5
        other.identity = HolderIdentity(member: "demo-1", podUID: "u1", nonce: "m")
        var keeping = held()
        let asked = try round(&keeping, at: 4)
        let seen = try #require(Reign(other))
        #expect(asked.reign == Reign(record()))
        #expect(keeping.mayConfirmRenewal)
        let hasEnded = keeping.hasEnded(bySightOf: seen)
        #expect(hasEnded && keeping.held == nil && keeping.end == .lost)
        #expect(keeping.ended(asked, .stay, at: at(4.1)) == nil)
        #expect(keeping.held == nil)
        #expect(!keeping.mayConfirmRenewal)
        let again = keeping.hasEnded(bySightOf: seen)
        #expect(!again)
        // Taken anew, later than what was seen.
        var next = record("c")
        next.epoch = 6
        keeping.confirmed(next, sentAt: at(60), timings)
        let stale = keeping.hasEnded(bySightOf: seen)
        #expect(!stale && keeping.held != nil && keeping.mayConfirmRenewal)
    }

    @Test func `a changed list is news until it is written, once a second`() {
        var keeping = held()
        #expect(!keeping.hasNews(list, at: at(0)))
        #expect(keeping.hasNews(nil, at: at(0)))
        _ = keeping.willRenew(leaving: nil, at: at(0.1), timings)
        #expect(!keeping.hasNews(nil, at: at(1)))
        #expect(keeping.hasNews(nil, at: at(1.1)))
    }

    // MARK: In the long run

    @Test(arguments: [true, false]) func `without the store a leader lasts as long as its members agree`(_ agree: Bool)
    {
        var keeping = held()
        var now = start
        while now < at(300), keeping.held != nil {
            now = now + .milliseconds(100)
            if case .renew(_, let deadline) = keeping.beat(at: now, mayRenew: true, timings) {
                _ = keeping.willRenew(leaving: list, at: now, timings)
                #expect(deadline <= now + timings.retryTimeout)
                _ = keeping.outcomeIsUnknown(at: now)
            }
            if let round = keeping.beginRound(at: now, mayRenew: true, timings) {
                _ = keeping.ended(round, agree ? .stay : .fall(missing: ["demo-1"]), at: now)
            }
        }
        #expect(agree ? keeping.held?.isByConsent == true : keeping.end == .ranOut)
        #expect(agree ? now >= at(300) : now - at(8.5) < .milliseconds(200))
    }
}
