import ClusterRecords
import ClusterStore
import HighAvailability
import Logging
import Units

extension AgentLoop {
    /// Reads the lock live, asks the others live, judges, and takes the lock if this member is the one.
    func race() async throws {
        guard let record = try await readFreeLock() else { return }
        guard let view = watch.view(), var mine = await reportPosition() else {
            return standBack("this server does not tell its own position")
        }
        let others = view.members.values.filter { $0.name != me }
        let election = try await election(over: record, view.configuration.synchronous)
        let reports: [PositionReport]
        if let election, election.needsSeals(me) {
            // This member's own receiving ends first: it is a voter like the others.
            let wanted = Seal(for: record)
            mine = try await sealedReport(wanted)
            reports = await peers.seals(wanted, of: others.filter { election.asksForSeal($0.name) })
        } else {
            reports = await peers.positions(of: Array(others))
        }
        if mustAwaitEverybody(view.initialization, asked: others.count, answered: reports.count) {
            return standBack("the store has no record of this cluster, and not every member answers yet")
        }
        let request = await standingRequest(view)
        let saw = Self.saw(mine, reports, asked: others.map(\.name), over: record, election, request)
        let verdict = judgeCandidacy(
            Candidacy(
                me: mine, others: reports, lastKnownPosition: record.flatMap(\.position),
                recordedTimeline: view.recordedTimeline,
                maximumLag: view.configuration.maximumLagOnFailover, synchronous: election, request: request,
                largestBacklog: configuration.largestBacklog,
                isStandbyCluster: view.configuration.standbyCluster != nil))
        trace?.record(verdict, over: election?.record)
        switch verdict {
        case .yield(let reason):
            standBack(reason, saw: saw)
        case .run(let reason):
            reign.electedOver = election?.record
            try await take(over: record, because: reason, asked: request, saw: saw)
        case .runAtLoss(let reason):
            reign.electedOver = election?.record
            logger.warning("\(reason)")
            try await take(over: record, because: reason, asked: request, loss: reason, saw: saw)
        }
    }

    /// The request this election answers. One may cost commits, so what a view that is behind still shows is looked up; one
    /// that was withdrawn, or cannot be read, is answered by nobody.
    private func standingRequest(_ view: ClusterView) async -> FailoverRequest? {
        guard let request = view.failover else { return nil }
        do {
            return try await store.readFailover(deadline: clock.now + timings.retryTimeout) == request ? request : nil
        } catch {
            logger.warning(
                "whether a change of leader is still asked for is not known", metadata: ["error": "\(error)"])
            return nil
        }
    }

    /// What a synchronous mode asks of this election, from a live read: whoever wins takes over this very record.
    private func election(over lock: LockRecord?, _ policy: SynchronousPolicy) async throws -> SynchronousElection? {
        reign.electedOver = nil
        // Nobody in a standby cluster acknowledges commits. Whatever mode this agent knows of, the record decides.
        guard watch.view()?.configuration.standbyCluster == nil else { return nil }
        let record = try await store.readSynchronous(deadline: clock.now + timings.retryTimeout)
        return SynchronousElection(policy, record: record, lock: lock)
    }

    /// Takes a lock that needs no vote: it was handed to this member, or an earlier life of this agent held it.
    func acquireWithoutRace() async throws {
        guard let record = try await readFreeLock() else { return }
        let election = try await election(over: record, watch.view()?.configuration.synchronous ?? .off)
        if let election, election.needsVote(of: me, over: record) { return try await race() }
        reign.electedOver = election?.record
        try await take(over: record, because: told.decision?.reason ?? "")
    }

    /// A live read of the lock. Only a lock that is free in it may be taken, and only over this very version.
    ///
    /// - Returns: nil when it is not free; otherwise the record, which is nil when the object does not exist.
    private func readFreeLock() async throws -> LockRecord?? {
        let limit = timings
        let record = try await store.readLock(deadline: clock.now + limit.retryTimeout)
        guard let standing = watch.standing(of: record, ttl: limit.ttl) else {
            logger.info("the lock has changed while it was read")
            return nil
        }
        guard standing.isFree else {
            logger.info("the lock is not free", metadata: ["lock": "\(standing)"])
            return nil
        }
        return .some(record)
    }

    private func take(
        over record: LockRecord?, because reason: String, asked request: FailoverRequest? = nil, loss: String? = nil,
        saw: [String: String] = [:]
    ) async throws {
        requests.won = nil
        reign.noteAttempt()
        let listIsGone = try await isWholeListGone(record)
        // Its own write is the next one.
        let silentSince = watch.lastSign
        // What an earlier reign said is no part of this one: no timeline but a new one. The route goes with the lock.
        state.update {
            $0.target = routingTarget
            $0.timeline = nil
        }
        switch await keeper.acquire(over: record, listIsGone: listIsGone) {
        case .held(let held, _):
            standingBack.noteLock()
            let former = record?.leader ?? watch.view()?.history.last?.newLeader
            requests.won = request?.due.map { WonRequest(request: $0, former: former, loss: loss) }
            reign.take(
                TakenLock(former: record, isVouchedFor: reign.electedOver != nil && loss == nil),
                isByRequest: isElectedByRequest(me, over: record, request), silentSince: silentSince, at: clock.now)
            logger.notice("took the leader lock", metadata: ["epoch": "\(held.epoch)", "reason": "\(reason)"])
            told.decisions.note(
                .election, "took the lock in epoch \(held.epoch)", because: reason, at: clock.wallTime.text
            ) { saw }
        case .lost(let other):
            standBack("Could not take out TTL lock: \(other?.leader ?? "somebody else") was first", saw: saw)
        case nil:
            standBack("the lock was not taken, or it is not known whether it was", saw: saw)
        }
    }

    /// Nobody the last leader listed exists any more, so nobody is left who could agree that it stays.
    private func isWholeListGone(_ record: LockRecord?) async throws -> Bool {
        guard let list = record?.failsafe, list.isSucceeded(by: identity) else { return false }
        let existing = try await store.existingPods(deadline: clock.now + timings.retryTimeout)
        return list.isGone(existing: existing, holder: record?.identity)
    }

    /// What a candidacy was judged on, for people.
    private static func saw(
        _ mine: PositionReport, _ reports: [PositionReport], asked: [String], over record: LockRecord?,
        _ election: SynchronousElection?, _ request: FailoverRequest?
    ) -> [String: String] {
        let silent = Set(asked).subtracting(reports.map(\.name)).sorted()
        var saw = ["own position": mine.words]
        saw["answers"] = reports.isEmpty ? "none" : reports.map(\.words).sorted().joined(separator: "; ")
        saw["silent"] = silent.isEmpty ? nil : silent.joined(separator: ", ")
        saw["last position of the leader"] = record?.position.map { "\($0)" }
        saw["synchronous"] = (election?.record).map {
            "\($0.leader ?? "nobody") with \($0.members.sorted().joined(separator: ", ")), quorum \($0.quorum)"
        }
        saw["request"] = request.map { "to \($0.candidate ?? "the best")" }
        return saw
    }

    private func standBack(_ reason: String, saw: [String: String] = [:]) {
        logger.info("not racing for now: \(reason)")
        told.decisions.note(.election, "stand back", because: reason, at: clock.wallTime.text) { saw }
        standingBack.noteRace(at: clock.now)
    }
}
