import HighAvailability
import Units

/// A store, a leader, two members and a newcomer, with links that come and go and answers that get lost. Timings change,
/// members start again and forget, and somebody from outside enters a holder nobody knows.
///
/// Everything from one seed. The invariant is looked at after every step: no member takes the lock while the leader
/// believes in it.
struct FailsafeWorld {
    let timings = Timings.fast
    private var random: FailsafeChance
    private var now = BootInstant(nanoseconds: 1_000_000_000_000)
    private var store: LockRecord
    private var version = 1
    private var leader = LockStation(me: Self.me)
    private var members: [String: Observer] = [:]
    private var pending: [(due: BootInstant, event: Event)] = []
    private var leaderReachesStore = true
    private var wanted = Timings.fast
    private var listed = Self.list(["demo-0", "demo-1", "demo-2"])
    private var isTaken = false
    /// init's, as the leader has told it.
    private var deadline: BootInstant?
    private(set) var takeovers = 0
    private(set) var learned = 0
    private(set) var longestByConsent = Duration.zero
    private var lastConfirmed: BootInstant

    private struct Observer {
        var identity: HolderIdentity
        var station: LockStation
        var record: LockRecord?
        /// This member's boot clock is ahead of everybody's by this much.
        var offset: Duration
        var reachesStore = true
        /// Newest version it has seen.
        var shown = 0
    }

    private enum Event {
        case renewalArrives(over: String, list: FailsafeList, Timings, sentAt: BootInstant, isAnswered: Bool)
        case renewalAnswered(LockRecord, Timings, sentAt: BootInstant)
        case renewalUnknown
        case renewalLost
        case seen(String, LockRecord)
        case asked(String, FailsafeRound)
        case agreed(String, FailsafeRound)
        case refused(Reign)
        case roundOver
        case acquisitionArrives(String, over: LockRecord, isAnswered: Bool)
    }
    private var round: (FailsafeRound, Set<String>)?
    private var isRenewing = false

    private static let me = HolderIdentity(member: "demo-0", podUID: "u-demo-0", nonce: "n")

    init(seed: UInt64) {
        random = FailsafeChance(state: seed)
        let list = Self.list(["demo-0", "demo-1", "demo-2"])
        store = LockRecord(
            version: "1", leader: "demo-0", identity: Self.me, epoch: 1, renewal: "1", ttl: Timings.fast.ttl,
            transitions: 1, failsafe: list, objectUID: "lock")
        lastConfirmed = now
        leader.listed(store, at: now)
        _ = leader.beginAcquisition(over: store, listIsGone: false, at: now, timings)
        obey(leader.landed(store, sentAt: now, timings))
        for name in ["demo-1", "demo-2", "demo-3"] {
            let identity = HolderIdentity(member: name, podUID: "u-\(name)", nonce: name)
            members[name] = Observer(
                identity: identity, station: LockStation(me: identity), offset: .seconds(random.below(1000)))
        }
    }

    private static func list(_ names: [String]) -> FailsafeList {
        FailsafeList(Set(names.map { .init(name: $0, apiURL: $0, podUID: "u-\($0)") }))
    }

    /// - Returns: what went wrong; nil when the invariant held.
    mutating func run(for duration: Duration) -> String? {
        let end = now + duration
        while now < end {
            step()
            if let held = leader.held, now < held.until, isTaken {
                return "\(store.leader ?? "nobody") has the lock while the leader believes in it until \(held.until)"
            }
            if let held = leader.held, held.until != deadline {
                return "the leader believes until \(held.until), and init has \(deadline.map { "\($0)" } ?? "nothing")"
            }
            if leader.held != nil { longestByConsent = max(longestByConsent, now - lastConfirmed) }
            if leader.held == nil, store.identity != Self.me { return nil }
        }
        return nil
    }

    private mutating func step() {
        now = now + .milliseconds(Int64(20 + random.below(180)))
        if random.below(60) == 0 { leaderReachesStore.toggle() }
        for name in members.keys.sorted() where random.below(60) == 0 { members[name]?.reachesStore.toggle() }
        if random.below(60) == 0 { wanted = wanted == .fast ? .standard : .fast }
        if random.below(40) == 0 {
            let names = ["demo-0", "demo-1", "demo-2"]
            listed = Self.list(random.below(2) == 0 ? names : names + ["demo-3"])
        }
        for name in members.keys.sorted() where random.below(200) == 0 { restart(name) }
        if random.below(1500) == 0, store.identity == Self.me { enterGhost() }
        let due = pending.filter { $0.due <= now }.sorted { $0.due < $1.due }
        pending.removeAll { $0.due <= now }
        for (_, event) in due { handle(event) }
        lead()
        for name in members.keys.sorted() { follow(name) }
    }

    /// What the agent knew is gone: what it promised, and since when it has seen the record.
    private mutating func restart(_ name: String) {
        guard let identity = members[name]?.identity else { return }
        members[name]?.station = LockStation(me: identity)
        members[name]?.shown = 0
    }

    private mutating func enterGhost() {
        write {
            $0.leader = "ghost"
            $0.identity = HolderIdentity(member: "ghost", podUID: "ghost", nonce: "ghost")
            $0.epoch += 1
        }
    }

    // MARK: The leader

    private mutating func lead() {
        let timings = wanted
        let list = listed
        if !isRenewing,
            case .write(.renewal(let record), _)? =
                obey(leader.beat(at: now, mayRenew: true, leaving: list, timings)).last
        {
            isRenewing = true
            // Cut off: lost on the way there, or only its answer on the way back.
            if leaderReachesStore || random.below(3) == 0 {
                send(
                    .renewalArrives(
                        over: record.version, list: list, timings, sentAt: now, isAnswered: leaderReachesStore),
                    within: 2500)
            }
            if !leaderReachesStore { pending.append((now + timings.retryTimeout, .renewalUnknown)) }
        }
        if round == nil, let begun = leader.beginRound(at: now, mayRenew: true, timings) {
            round = (begun, [])
            for entry in begun.list.entries where entry.name != "demo-0" && random.below(10) != 0 {
                send(.asked(entry.name, begun), within: 900)
            }
            pending.append((begun.deadline, .roundOver))
        }
    }

    private mutating func endRound() {
        guard let (begun, names) = round else { return }
        round = nil
        let agreed = begun.list.entries.filter { names.contains($0.name) }
        let verdict = judgeFailsafe(begun.list, me: Self.me, agreed: agreed, rule: .everyMember)
        obey(leader.ended(begun, verdict, at: now))
    }

    /// What follows from the leader's last input. It never believes in an instant init was not given; init always listens.
    @discardableResult
    private mutating func obey(_ directives: [LockDirective]) -> [LockDirective] {
        var deadline = deadline
        let rest = leader.settle(directives) { order in
            deadline = if case .arm(let until) = order { until } else { nil }
            return true
        }
        self.deadline = deadline
        return rest
    }

    // MARK: The members

    private mutating func follow(_ name: String) {
        guard var member = members[name] else { return }
        defer { members[name] = member }
        guard member.reachesStore else { return }
        if random.below(4) == 0 { send(.seen(name, store), within: 400) }
        let clock = now + member.offset
        guard member.station.standing(at: clock, ttl: timings.ttl).isFree, random.below(3) == 0 else {
            return
        }
        // A live read, then the gate, then the write.
        member.station.answered(store, at: clock)
        member.record = store
        member.shown = version
        guard member.station.standing(at: clock, ttl: timings.ttl).isFree,
            case .write? = member.station.beginAcquisition(over: store, listIsGone: false, at: clock, timings).last
        else { return }
        send(.acquisitionArrives(name, over: store, isAnswered: random.below(2) == 0), within: 1500)
    }

    // MARK: Events

    private mutating func send(_ event: Event, within milliseconds: UInt64) {
        pending.append((now + .milliseconds(Int64(1 + random.below(milliseconds))), event))
    }

    private mutating func handle(_ event: Event) {
        switch event {
        case .renewalArrives(let over, let list, let timings, let sentAt, let isAnswered):
            guard store.version == over || store.identity == Self.me, store.identity == Self.me else {
                if isAnswered { send(.renewalLost, within: 300) }
                return
            }
            write {
                $0.failsafe = list
                $0.ttl = timings.ttl
            }
            if isAnswered { send(.renewalAnswered(store, timings, sentAt: sentAt), within: 300) }
        case .renewalAnswered(let record, let timings, let sentAt):
            isRenewing = false
            leader.answered(record, at: now)
            if obey(leader.landed(record, sentAt: sentAt, timings)).contains(.hold) { lastConfirmed = sentAt }
        case .renewalUnknown:
            isRenewing = false
            obey(leader.outcomeIsUnknown(at: now))
        case .renewalLost:
            isRenewing = false
            obey(leader.lost())
        case .seen(let name, let record):
            // The watch shows every version in order.
            guard let member = members[name], let shown = Int(record.version), shown > member.shown else { return }
            members[name]?.shown = shown
            members[name]?.record = record
            members[name]?.station.listed(record, at: now + member.offset)
        case .asked(let name, let begun):
            guard let member = members[name] else { return }
            let request = FailsafeRequest(
                leader: "demo-0",
                claim: .init(
                    identity: Self.me, epoch: begun.epoch, ttl: begun.ttl, member: name, podUID: "u-\(name)"))
            let answer = members[name]?.station.answer(
                request, isPrimary: false, ttl: timings.ttl, at: now + member.offset)
            guard random.below(10) != 0 else { return }
            if answer == .accepted { return send(.agreed(name, begun), within: 900) }
            if let seen = members[name]?.record.flatMap({ Reign($0) }) { send(.refused(seen), within: 900) }
        case .refused(let seen):
            if !obey(leader.hasEnded(bySightOf: seen)).isEmpty { learned += 1 }
        case .agreed(let name, let asked):
            guard round?.0 == asked else { return }
            round?.1.insert(name)
            if let (begun, names) = round,
                begun.list.entries.allSatisfy({ $0.name == "demo-0" || names.contains($0.name) })
            {
                endRound()
            }
        case .roundOver:
            if let (begun, _) = round, begun.deadline <= now { endRound() }
        case .acquisitionArrives(let name, let over, let isAnswered):
            guard let member = members[name] else { return }
            if store.version == over.version {
                takeovers += 1
                isTaken = true
                write {
                    $0.leader = name
                    $0.identity = member.identity
                    $0.epoch += 1
                }
            }
            if isAnswered { _ = members[name]?.station.lost() }
        }
    }

    private mutating func write(_ change: (inout LockRecord) -> Void) {
        version += 1
        change(&store)
        store.version = "\(version)"
        store.renewal = "\(version)"
    }
}

/// A small generator whose whole state is its seed.
private struct FailsafeChance {
    var state: UInt64

    mutating func below(_ bound: UInt64) -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return (mixed ^ (mixed >> 31)) % bound
    }
}
