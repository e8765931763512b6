import HighAvailability
import ServerControl
import Units

/// The whole simulated cluster: one thread, one seed, one order of events.
final class World {
    let plan: RunPlan
    var random: SeededRandom
    private(set) var now: Microseconds = 0
    private var queue = EventQueue()
    private(set) var steps = 0
    /// The API server.
    var objects = ObjectServer()
    /// What stands in there.
    var api: StoredState
    var log = WriteAheadLog()
    var network: Network
    /// Every Pod there ever was; ``current`` says which one carries a name now.
    var pods: [Pod] = []
    var current: [Int] = []
    var checker: Checker
    var roleChangesAtStart = 0
    private var isOver = false
    /// What members have answered to restarts they were asked for, as the operator read it last.
    var restartReports: [Int: RestartReport] = [:]
    /// From here on nothing goes wrong any more.
    var isHealed = false
    /// No client writes while they are.
    var areClientsAway = false
    /// What servers that only prove settings say.
    var proofs = Proofs.drawn

    enum Proofs {
        /// Mostly that they are good.
        case drawn
        /// They let nobody in.
        case silent
        case always(SettingsVerdict)
    }
    /// How many faults have the settings unreadable now.
    var unreadableSettings = 0
    var areSettingsUnreadable: Bool { unreadableSettings > 0 }
    /// How many faults keep each member from replaying now.
    var replayStalls: [Int]
    private var identifiers = 0
    private(set) var trace: [String]?
    /// Of everything that happened, for comparing two runs.
    private(set) var traceHash: UInt64 = 0xcbf2_9ce4_8422_2325

    init(plan: RunPlan, tracing: Bool) {
        self.plan = plan
        random = SeededRandom(seed: plan.seed &* 2 &+ 1)
        api = StoredState(podCount: plan.members)
        replayStalls = Array(repeating: 0, count: plan.members)
        network = Network(nodes: plan.members * 2, members: plan.members)
        checker = Checker(isSynchronous: plan.synchronous.mode != .off)
        trace = tracing ? [] : nil
    }

    func name(_ member: Int) -> String { RunPlan.names[member] }

    func nextIdentifier() -> Int {
        identifiers += 1
        return identifiers
    }

    // MARK: Time

    func schedule(after delay: Microseconds, _ owner: EventQueue.Owner, _ work: @escaping () -> Void) {
        queue.add(at: now + max(delay, 0), owner, work)
    }

    func schedule(_ pod: Pod, at instant: BootInstant, _ owner: EventQueue.Owner, _ work: @escaping () -> Void) {
        queue.add(at: max(pod.clock.trueTime(of: instant), now), owner, work)
    }

    /// Runs until the end, the limit or the first violation.
    func run(until end: Microseconds) {
        while let time = queue.nextTime, time <= end, checker.violation == nil, !isOver, let event = queue.next() {
            now = event.time
            if event.owner.kind != .world {
                let pod = pods[Int(event.owner.pod)]
                guard pod.isAlive(event.owner) else { continue }
                if pod.isFrozen(event.owner.kind) {
                    pod.deferred.append((event.owner, event.work))
                    continue
                }
            }
            steps += 1
            traceHash = (traceHash ^ UInt64(bitPattern: now) ^ UInt64(event.owner.kind.rawValue)) &* 0x100_0000_01b3
            event.work()
        }
    }

    /// Forgets what is still planned, which holds this world: a million of them would fill the memory.
    func dissolve() {
        queue = EventQueue()
        for pod in pods {
            pod.deferred = []
            pod.agent?.end()
            pod.agent = nil
            pod.server.waiters = []
            pod.server.waiting = []
        }
    }

    /// Lets a thawed Pod's processes go on, each at its own moment, with everything that waited for them.
    func thaw(_ pod: Pod) {
        let waiting = pod.deferred
        pod.deferred = []
        var starts: [Microseconds] = []
        for _ in 0..<4 { starts.append(random.next(in: 0...3000)) }
        for (index, item) in waiting.enumerated() {
            schedule(after: starts[Int(item.owner.kind.rawValue)] + Int64(index), item.owner, item.work)
        }
    }

    /// Nothing more is to be learnt from this run.
    func stop() { isOver = true }

    // MARK: Recording

    func note(_ text: @autoclosure () -> String) {
        guard trace != nil else { return }
        let seconds = now / 1_000_000
        let rest = String(1_000_000 + now % 1_000_000).dropFirst().prefix(4)
        trace?.append("\(seconds).\(rest) \(text())")
    }

    func mark(_ value: Int) {
        traceHash = (traceHash ^ UInt64(bitPattern: Int64(value))) &* 0x100_0000_01b3
    }

    func violate(_ invariant: Invariant, _ text: String) {
        guard checker.violation == nil else { return }
        note("VIOLATION \(invariant.rawValue): \(text)")
        checker.violation = Violation(invariant: invariant, text: text, time: now)
    }

    // MARK: Delays

    func hop() -> Microseconds { random.next(in: 150...1500) }
    func apiHop() -> Microseconds { random.next(in: 400...6000) + network.apiDelay }
}
