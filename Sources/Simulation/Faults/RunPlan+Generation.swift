import HighAvailability
import Units

extension RunPlan {
    /// Everything that follows from a seed before the first event.
    public init(seed: UInt64) {
        var random = SeededRandom(seed: seed &* 2)
        let members = random.happens(perMille: 850) ? 3 : random.happens(perMille: 500) ? 2 : 5
        let timings: Timings
        switch random.index(below: 10) {
        case 0...4: timings = .fast
        case 5...7: timings = .standard
        default:
            timings = Timings(
                ttl: .seconds(6), loopWait: .seconds(1), retryTimeout: .seconds(1), fenceMargin: .milliseconds(800))
        }
        let budget: Budget
        switch random.index(below: 10) {
        case 0, 1: budget = .withinTolerance
        case 2: budget = .plannedOnly
        default: budget = .unlimited
        }
        let modes: [SynchronousMode] = [.off, .off, .off, .off, .on, .on, .on, .quorum, .quorum, .quorum]
        let synchronous = SynchronousPolicy(
            mode: modes[random.index(below: 10)], standbys: members > 2 && random.happens(perMille: 300) ? 2 : 1,
            isStrict: random.happens(perMille: 300))
        let quiet = Microseconds.seconds(15)
        let window = random.next(in: .seconds(15) ... .seconds(50))
        var clocks: [NodeClock] = []
        for _ in 0..<(members * 2) {
            clocks.append(
                NodeClock(
                    origin: random.next(in: 1_000_000_000...900_000_000_000_000),
                    partsPerMillion: random.next(in: -5_000...5_000)))
        }
        self.init(
            seed: seed, members: members, timings: timings, synchronous: synchronous, budget: budget, quietUntil: quiet,
            healAt: quiet + window + .seconds(1), end: quiet + window + .seconds(121), faults: [], clocks: clocks)
        // Chance of its own, so that a seed without failsafe is what it was before there was any.
        var failsafeRandom = SeededRandom(seed: seed &* 2 ^ 0xFA11_5AFE)
        usesFailsafe = failsafeRandom.happens(perMille: 400)
        // Time for an absence that is longer than any ttl.
        if usesFailsafe, budget != .plannedOnly {
            healAt += .seconds(20)
            end += .seconds(20)
        }
        switch budget {
        case .unlimited:
            faults = Self.anything(&random, self, window)
            if usesFailsafe { faults = (faults + Self.absence(&failsafeRandom, self)).sorted { $0.start < $1.start } }
        case .withinTolerance:
            faults = Self.inTurn(&random, self, window, usesFailsafe ? Self.tolerableByConsent : Self.tolerable)
        case .plannedOnly: faults = Self.inTurn(&random, self, window, Self.planned)
        }
        // Chance of their own too.
        var requestRandom = SeededRandom(seed: seed &* 2 ^ 0x0DE8_5EED)
        if budget == .unlimited, requestRandom.happens(perMille: 300) {
            faults = (faults + Self.requests(&requestRandom, self)).sorted { $0.start < $1.start }
        }
        var deletionRandom = SeededRandom(seed: seed &* 2 ^ 0xDE1E_7E10)
        if budget == .unlimited, deletionRandom.happens(perMille: 60) { faults = Self.deletions(&deletionRandom, self) }
        var settingsRandom = SeededRandom(seed: seed &* 2 ^ 0x5E77_1465)
        if budget == .unlimited, synchronous.mode != .off, settingsRandom.happens(perMille: 100),
            // Agents end in these runs; a new one has never seen a lock object that was deleted before.
            !faults.contains(where: { $0.kind == .deleteLock })
        {
            faults = (faults + Self.unreadable(&settingsRandom, self)).sorted { $0.start < $1.start }
        }
        var nameRandom = SeededRandom(seed: seed &* 2 ^ 0x0FF_1A3E)
        if budget != .plannedOnly, nameRandom.happens(perMille: 150) {
            faults = (faults + Self.namesTakenOff(&nameRandom, self)).sorted { $0.start < $1.start }
        }
        var replayRandom = SeededRandom(seed: seed &* 2 ^ 0x5E9_1A7E)
        if budget != .withinTolerance, replayRandom.happens(perMille: 200) {
            faults = (faults + Self.stalls(&replayRandom, self)).sorted { $0.start < $1.start }
        }
        var copyRandom = SeededRandom(seed: seed &* 2 ^ 0xC0_9135)
        if budget == .unlimited, copyRandom.happens(perMille: 200) {
            faults = (faults + Self.copies(&copyRandom, self)).sorted { $0.start < $1.start }
        }
        var volumeRandom = SeededRandom(seed: seed &* 2 ^ 0xD15C_0FF)
        if budget == .unlimited, volumeRandom.happens(perMille: 200) {
            faults = (faults + Self.stuckVolumes(&volumeRandom, self)).sorted { $0.start < $1.start }
        }
    }

    /// Disks that stop answering, for a moment or for longer than any ttl, one or several at once.
    private static func stuckVolumes(_ random: inout SeededRandom, _ plan: RunPlan) -> [Fault] {
        (0...random.index(below: 3)).map { _ in
            let start = plan.quietUntil + random.next(in: 0...(plan.healAt - plan.quietUntil - .seconds(3)))
            return Fault(
                start: start, duration: min(plan.healAt - start, random.next(in: 500_000 ... .seconds(60))),
                kind: .stuckVolume(member: random.index(below: plan.members)))
        }
    }

    /// Members that are asked to copy the data anew, one after the other or together; some orders are taken back on the way.
    private static func copies(_ random: inout SeededRandom, _ plan: RunPlan) -> [Fault] {
        (0...random.index(below: 4)).map { _ in
            let start = plan.quietUntil + random.next(in: 0...(plan.healAt - plan.quietUntil - .seconds(6)))
            return Fault(
                start: start, duration: min(plan.healAt - start, random.next(in: 200_000 ... .seconds(20))),
                kind: .reinitialize(
                    member: random.index(below: plan.members), isForced: random.happens(perMille: 500)))
        }
    }

    /// The holder's name is taken off the lock, which must change no role.
    private static func namesTakenOff(_ random: inout SeededRandom, _ plan: RunPlan) -> [Fault] {
        (0...random.index(below: 4)).map { _ in
            Fault(
                start: plan.quietUntil + random.next(in: 0...(plan.healAt - plan.quietUntil - .seconds(1))),
                duration: 1_000, kind: .takeNameOff)
        }
    }

    /// Members that receive and do not replay, for a moment or for long.
    private static func stalls(_ random: inout SeededRandom, _ plan: RunPlan) -> [Fault] {
        (0...random.index(below: 3)).map { _ in
            let begin = plan.quietUntil - .seconds(5)
            let start = begin + random.next(in: 0...(plan.healAt - begin - .seconds(7)))
            return Fault(
                start: start, duration: min(plan.healAt - start, random.next(in: .seconds(2) ... .seconds(40))),
                kind: .stalledReplay(member: random.index(below: plan.members)))
        }
    }

    /// Settings nobody can read for a while, agents that start meanwhile and know only defaults, and a leader that ends.
    private static func unreadable(_ random: inout SeededRandom, _ plan: RunPlan) -> [Fault] {
        let start = plan.quietUntil + random.next(in: 0 ... .seconds(6))
        let duration = plan.healAt - start
        var faults = [Fault(start: start, duration: duration, kind: .unreadableSettings)]
        for member in 0..<plan.members where random.happens(perMille: 500) {
            let killed = start + random.next(in: 100_000...2_000_000)
            faults.append(Fault(start: killed, duration: 1_000, kind: .killAgent(member: member)))
            if random.happens(perMille: 300) {
                faults.append(
                    Fault(
                        start: killed, duration: min(duration, random.next(in: 2_000_000...30_000_000)),
                        kind: .replicationLag(member: member, milliseconds: 500 + random.index(below: 3000))))
            }
        }
        let ended = start + random.next(in: 2_500_000...6_000_000)
        for member in 0..<plan.members where random.happens(perMille: 400) {
            faults.append(
                Fault(
                    start: ended, duration: min(plan.healAt - ended, random.next(in: 5_000_000...60_000_000)),
                    kind: .freezePod(member: member)))
        }
        return faults
    }

    /// The lock object is deleted while members are cut off or stand still.
    ///
    /// No agent ends in these runs: what was known of the object is known by those who saw it.
    private static func deletions(_ random: inout SeededRandom, _ plan: RunPlan) -> [Fault] {
        let ttl = plan.timings.ttl.microseconds
        var faults: [Fault] = []
        for _ in 0...random.index(below: 3) {
            let deleted = plan.quietUntil + random.next(in: 0...max(1, plan.healAt - plan.quietUntil - .seconds(6)))
            faults.append(Fault(start: deleted, duration: 1_000, kind: .deleteLock))
            if random.happens(perMille: 300) {
                let again = min(plan.healAt - 1_000, deleted + random.next(in: 100_000...ttl))
                faults.append(Fault(start: again, duration: 1_000, kind: .deleteLock))
            }
            for member in 0..<plan.members where random.happens(perMille: 400) {
                let start = max(plan.quietUntil, deleted + random.next(in: -2_000_000...1_000_000))
                let kinds: [Fault.Kind] = [
                    .cutBothAPI(node: member), .cutBothAPI(node: member), .isolate(node: member),
                    .freezeAgent(member: member), .watchSilent(member: member),
                ]
                faults.append(
                    Fault(
                        start: start, duration: min(plan.healAt - start, random.next(in: 500_000...ttl * 2)),
                        kind: kinds[random.index(below: kinds.count)]))
            }
        }
        return faults.sorted { $0.start < $1.start }
    }

    /// The API server away for longer than ttl, for all or for some, and what may happen to the members meanwhile.
    private static func absence(_ random: inout SeededRandom, _ plan: RunPlan) -> [Fault] {
        let ttl = plan.timings.ttl.microseconds
        let start = plan.quietUntil + random.next(in: 0 ... .seconds(10))
        let duration = min(plan.healAt - start, random.next(in: ttl / 2...ttl * 3))
        var faults: [Fault] = []
        if random.happens(perMille: 600) {
            faults.append(Fault(start: start, duration: duration, kind: .apiDown))
        } else {
            // Whoever leads is cut off, or is not; the others see its lock run out.
            for node in 0..<plan.members where random.happens(perMille: 500) {
                faults.append(Fault(start: start, duration: duration, kind: .cutBothAPI(node: node)))
            }
        }
        for _ in 0..<random.index(below: 4) {
            let member = random.index(below: plan.members)
            let other = (member + 1 + random.index(below: plan.members - 1)) % plan.members
            let kinds: [Fault.Kind] = [
                .cutLink(from: member, to: other), .cutLink(from: member, to: other), .isolate(node: member),
                .killAgent(member: member), .killAgent(member: member), .killContainer(member: member),
                .freezeAgent(member: member), .freezePod(member: member), .deletePod(member: member), .usurp,
            ]
            let begins = start + random.next(in: 0...duration)
            faults.append(
                Fault(
                    start: begins, duration: min(plan.healAt - begins, random.next(in: 500_000...ttl * 2)),
                    kind: kinds[random.index(below: kinds.count)]))
        }
        return faults
    }

    /// Restarts in place, and failovers at any price.
    private static func requests(_ random: inout SeededRandom, _ plan: RunPlan) -> [Fault] {
        var faults: [Fault] = []
        for _ in 0...random.index(below: 3) {
            let member = random.index(below: plan.members)
            let start = plan.quietUntil + random.next(in: 0...(plan.healAt - plan.quietUntil - .seconds(6)))
            let longest = plan.healAt - start
            guard random.happens(perMille: 600) else {
                faults.append(Fault(start: start, duration: .seconds(1), kind: .failover(candidate: member)))
                continue
            }
            faults.append(
                Fault(
                    start: start, duration: min(longest, random.next(in: .seconds(2) ... .seconds(20))),
                    kind: .restart(member: member)))
        }
        return faults
    }

    /// Up to eight faults, overlapping as they like.
    private static func anything(_ random: inout SeededRandom, _ plan: RunPlan, _ window: Microseconds) -> [Fault] {
        let count = 1 + random.index(below: 8)
        var faults: [Fault] = []
        for _ in 0..<count {
            let start = plan.quietUntil + random.next(in: 0...(window - .seconds(5)))
            let longest = plan.healAt - start
            // Short ones and long ones: half a second, or more than any ttl.
            let shortest: Microseconds = random.happens(perMille: 400) ? 100_000 : 3_000_000
            let duration = min(longest, random.next(in: shortest...max(shortest, longest)))
            faults.append(Fault(start: start, duration: duration, kind: kind(&random, plan)))
        }
        return faults.sorted { $0.start < $1.start }
    }

    private static func kind(_ random: inout SeededRandom, _ plan: RunPlan) -> Fault.Kind {
        let member = random.index(below: plan.members)
        let other = (member + 1 + random.index(below: plan.members - 1)) % plan.members
        switch random.index(below: 30) {
        case 0: return .cutFromAPI(node: member)
        case 1: return .cutToAPI(node: member)
        case 2, 3: return .cutBothAPI(node: member)
        case 4: return .cutLink(from: member, to: other)
        case 5, 6: return .isolate(node: member)
        case 7: return .apiDown
        case 8: return .apiSlow(milliseconds: 50 + random.index(below: 1500))
        case 9: return .apiErrors(perMille: 100 + random.index(below: 500))
        case 10: return .apiTimeouts(perMille: 50 + random.index(below: 400))
        case 11: return .watchSilent(member: member)
        case 12: return .watchSlow(milliseconds: 100 + random.index(below: 8000))
        case 13: return .watchExpired
        case 14, 15: return .freezeAgent(member: member)
        case 16: return .freezePostmaster(member: member)
        case 17: return .freezeServer(member: member)
        case 18, 19: return .freezePod(member: member)
        case 20: return .killAgent(member: member)
        case 21: return .killPostmaster(member: member)
        case 22, 23: return .killContainer(member: member)
        case 24: return .powerOff(node: member)
        case 25: return .deletePod(member: member)
        case 26: return .forceDeletePod(member: member)
        case 27: return .switchover(candidate: random.happens(perMille: 500) ? other : nil)
        case 28:
            switch random.index(below: 3) {
            case 0: return .pause
            case 1: return .changeTimings
            default: return .bulkWrite(member: member)
            }
        default: return .replicationLag(member: member, milliseconds: 20 + random.index(below: 3000))
        }
    }

    /// One fault after another, each with time to be got over, but for a restart.
    private static func inTurn(
        _ random: inout SeededRandom, _ plan: RunPlan, _ window: Microseconds,
        _ kind: (inout SeededRandom, RunPlan) -> (Fault.Kind, Microseconds)
    ) -> [Fault] {
        var faults: [Fault] = []
        var start = plan.quietUntil
        while true {
            let (kind, duration) = kind(&random, plan)
            guard start + duration < plan.healAt else { return faults }
            faults.append(Fault(start: start, duration: duration, kind: kind))
            if case .restart = kind {
                // What comes next comes while standbys are about to connect again.
                start += random.next(in: 500_000...3_000_000)
            } else {
                start += duration + plan.timings.ttl.microseconds
            }
        }
    }

    /// What must change no role. A silence may last as long as the fence leaves after a heartbeat.
    private static func tolerable(_ random: inout SeededRandom, _ plan: RunPlan) -> (Fault.Kind, Microseconds) {
        let member = random.index(below: plan.members)
        let silence = (plan.timings.fenceDelay - plan.timings.loopWait - .milliseconds(1500)).microseconds
        let short = max(300_000, random.next(in: 100_000...max(200_000, silence)))
        let long = random.next(in: 2_000_000...20_000_000)
        switch random.index(below: 10) {
        case 0: return (.apiDown, short)
        case 1: return (.cutBothAPI(node: member), short)
        case 2: return (.freezeAgent(member: member), short)
        case 3: return (.apiErrors(perMille: 300), long)
        case 4:
            return (
                .apiSlow(milliseconds: 100 + random.index(below: plan.timings.ttl >= .seconds(10) ? 500 : 100)), long
            )
        case 5: return (.watchSilent(member: member), long)
        case 6: return (.watchSlow(milliseconds: 3000), long)
        case 7: return (.watchExpired, 1_000)
        case 8: return (.killPostmaster(member: member), 1_000)
        default: return (.killAgent(member: member), 1_000)
        }
    }

    /// With failsafe the API server may also be away for as long as it likes, for everybody or for one member.
    private static func tolerableByConsent(_ random: inout SeededRandom, _ plan: RunPlan) -> (Fault.Kind, Microseconds)
    {
        let ttl = plan.timings.ttl.microseconds
        switch random.index(below: 10) {
        case 0, 1: return (.apiDown, random.next(in: ttl...ttl * 3))
        case 2, 3: return (.cutBothAPI(node: random.index(below: plan.members)), random.next(in: ttl...ttl * 3))
        case 4: return (.cutToAPI(node: random.index(below: plan.members)), random.next(in: ttl...ttl * 2))
        default: return tolerable(&random, plan)
        }
    }

    /// What people and operators do.
    private static func planned(_ random: inout SeededRandom, _ plan: RunPlan) -> (Fault.Kind, Microseconds) {
        let member = random.index(below: plan.members)
        switch random.index(below: 7) {
        case 0: return (.deletePod(member: member), .seconds(5))
        case 1: return (.apiErrors(perMille: 100), .seconds(4))
        case 2, 3: return (.restart(member: member), .seconds(4))
        default: return (.switchover(candidate: random.happens(perMille: 500) ? member : nil), .seconds(4))
        }
    }
}
