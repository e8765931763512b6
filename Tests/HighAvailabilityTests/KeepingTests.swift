import HighAvailability
import Testing
import Units

/// What the agent's loop keeps between its looks, each with what ends together and what does not.
@Suite struct KeepingTests {
    private let start = BootInstant(nanoseconds: 1_000_000_000_000)

    // MARK: Standing back

    @Test func `a race that was lost ends with the lock, and a lock that was given up does not`() {
        var back = StandingBack()
        back.noteRace(at: start)
        #expect(back.until == start + Grace.standBack)
        back.giveWay(until: start + .seconds(30))
        #expect(back.until == start + Grace.standBack, "it still has the lock")
        back.noteGivenWay()
        #expect(back.until == start + .seconds(30))
        back.noteLock()
        #expect(back.until == nil)
        #expect(back.gaveWayUntil == start + .seconds(30))
    }

    @Test func `a source is avoided for its time, and pg_rewind is tried three times`() {
        var back = StandingBack()
        back.avoid("a", at: start)
        back.avoid("b", at: start + .seconds(10))
        #expect(back.avoidedSources["a"] == start + Grace.avoidSource)
        back.avoid("c", at: start + Grace.avoidSource)
        #expect(Set(back.avoidedSources.keys) == ["b", "c"])
        #expect(back.noteFailedRewind() == true)
        #expect(back.noteFailedRewind() == true)
        #expect(back.noteFailedRewind() == false)
        back.noteCourse()
        #expect(back.noteFailedRewind() == true)
    }

    @Test func `a copy that fails is told from the third time on, and not any more once one has come about`() {
        var back = StandingBack()
        #expect((1...4).map { _ in back.noteFailedCopy() } == [false, false, true, true])
        back.noteCourse()
        #expect(back.noteFailedCopy() == false)
    }

    // MARK: Requests

    @Test func `a request that was answered is not answered again before the watch has seen it go`() {
        let first = FailoverRequest(leader: "a", candidate: "b")
        let second = FailoverRequest(leader: "b", candidate: "a")
        var requests = RequestKeeping()
        #expect(requests.standing(nil) == nil)
        #expect(requests.standing(first) == first)
        requests.noteAnswer(to: first)
        #expect(requests.standing(first) == nil)
        #expect(requests.standing(first) == nil)
        #expect(requests.standing(nil) == nil)
        #expect(requests.standing(first) == first, "somebody asks for the same again")
        requests.noteAnswer(to: first)
        #expect(requests.standing(second) == second)
    }

    // MARK: Outage

    @Test func `an outage ends as a whole, and a primary that answers again has to last`() {
        var outage = OutageKeeping()
        outage.noteFailedStart()
        #expect(outage.current == nil, "nothing is counted while there is none")
        outage.noteMissing(PrimaryOutage(since: start))
        outage.noteComingUp()
        outage.noteFailedStart()
        outage.noteSuccessor("a", nextLook: start + .seconds(1))
        #expect(outage.current?.failedStarts == 1 && outage.current?.successor == "a" && outage.isComingUp)
        #expect(!outage.isLookDue(at: start) && outage.isLookDue(at: start + .seconds(1)))
        outage.noteAnswer(PrimaryOutage(since: start, answeringSince: start))
        #expect(!outage.isComingUp && outage.current?.answeringSince == start)
        outage.end()
        #expect(outage == OutageKeeping())
        outage.noteSuccessor("a", nextLook: start)
        #expect(outage.current == nil, "the answer came after the end")
    }

    // MARK: Reign

    private let loss = FailoverLoss(
        verdict: .possible, member: "a", former: "b", timeline: Timeline(rawValue: 1), start: LSN(rawValue: 1000),
        published: nil)

    @Test func `what a promotion may have cost is told by whichever reign gets to it`() {
        var reign = ReignKeeping()
        let change = TimelineSwitch(timeline: Timeline(rawValue: 1), position: LSN(rawValue: 1000), reason: "test")
        reign.take(
            TakenLock(former: nil, isVouchedFor: false), isByRequest: true, silentSince: start, at: start + .seconds(1))
        reign.notePromotion()
        reign.begin(
            ReignKeeping.Beginning(timeline: Timeline(rawValue: 2), change: change), loss: loss,
            promotedAt: start + .seconds(2))
        reign.noteOffice()
        #expect(!reign.isElectedByRequest)
        reign.noteAttempt()
        reign.take(
            TakenLock(former: nil, isVouchedFor: true), isByRequest: false, silentSince: nil, at: start + .seconds(9))
        #expect(reign.unannouncedLoss == loss && reign.begun?.change == change)
        reign.noteStart()
        #expect(reign.begun == nil && reign.unannouncedLoss == loss)
        reign.noteAnnounced()
        #expect(reign.unannouncedLoss == nil)
    }

    @Test func `a promotion asks for one checkpoint at a time, until one is made`() {
        var reign = ReignKeeping()
        #expect(reign.beginCheckpoint() == false)
        reign.notePromotion()
        #expect(reign.beginCheckpoint() == true)
        #expect(reign.beginCheckpoint() == false, "one is being made")
        reign.endCheckpoint(isDone: false)
        #expect(reign.beginCheckpoint() == true)
        reign.endCheckpoint(isDone: true)
        #expect(reign.hasCheckpointSincePromotion)
        #expect(reign.beginCheckpoint() == false)
    }
}
