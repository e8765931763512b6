import HighAvailability
import Units

/// One life of an agent: the shipping core in a shell that acts on the simulated world.
///
/// The shell mirrors the one of the product step by step: same order, same deadlines, same graces. What it decides with
/// is not mirrored but the very code: ``decide(_:)``, ``judgeCandidacy(_:)``, ``chooseHeir(wanted:leader:reports:maximumLag:)``,
/// ``LockStation``, ``LockAttempt``.
final class Agent {
    unowned let world: World
    unowned let pod: Pod
    let owner: EventQueue.Owner
    let identity: HolderIdentity
    let containerInstance: String

    // The view.
    var view = ClusterView()
    var hasObjects = false
    var hasPods = false
    var objectWatch = Watch()
    var podWatch = Watch()
    /// The route as it was seen last.
    var route: APIServer.StoredRoute?
    var isWritingRoute = false

    // The lock.
    var station: LockStation
    var keeperCommands: [KeeperCommand] = []
    var isKeeperBusy = false
    var beatNumber = 0
    var publishedTimeline: Timeline?
    var publishedPosition: LSN?
    var healthyUntil = BootInstant(nanoseconds: 0)

    // Failsafe.
    /// What the next renewal leaves beside the lock; nil without failsafe.
    var failsafe: FailsafeList?
    var isAsking = false
    var roundNumber = 0
    /// As of the last cycle.
    var isKnownPrimary = false

    // The loop.
    var server = ServerState.noData
    var activity: Activity?
    var activityNumber = 0
    var followed: FollowedLeader?
    var standsBackUntil: BootInstant?
    var isStopping = false
    var isCycling = false
    var mustCycleAgain = false
    var timerNumber = 0
    var lastDecision: Decision?
    var silentSince: BootInstant?
    var nextFreshProbe = BootInstant(nanoseconds: 0)
    var hasCheckpointSincePromotion = true
    var isCheckpointing = false
    /// The promotion the store was not told of yet.
    var unannounced: TimelineSwitch?
    /// What became of the restart this member was asked for last.
    var restartReport: RestartReport?
    /// A request nobody had carried out when this member was elected.
    var wonRequest: WonRequest?
    /// This reign was taken as the heir of a released lock.
    var wasNamedHeir = false

    // Synchronous replication.
    var namesInForce: NamesInForce?
    /// Record this member's election was decided on; nil when it was not elected in this life of the agent.
    var electedOver: SynchronousState?
    var standbysAreAwaitedUntil: BootInstant?
    var formerLeader: String?
    var isSynchronousUnsettled = false
    var isKeepingSynchronous = false
    /// A write of the record, perhaps of an earlier life, was not answered and is not settled.
    var mayRecordStillLand = true

    // What is said of this member.
    var wish: Wish?
    /// What the store is known to have; nil when that is not known.
    var published: Wish?
    var publishedAt = BootInstant(nanoseconds: 0)
    var isPublishing = false

    /// A stream of changes: in order, late, sometimes silent, sometimes broken.
    struct Watch {
        var number = 0
        var isOpen = false
        var isSilent = false
        /// The list it begins with was answered; changes before that wait.
        var isListed = false
        var pending: [APIServer.Change] = []
        var lastDelivery: Microseconds = 0
        /// On the way, in the order they happened: one connection carries them, also to an agent that was frozen meanwhile.
        var arriving: [APIServer.Change] = []
    }

    struct Wish: Hashable {
        var role: MemberRole
        var state: MemberState
        var timeline: Timeline?
        var hasCheckpoint: Bool
        var label: Presence.Label
        var restart: RestartReport?

        /// Whether its member wants to be behind the read-write Service.
        var isRouted: Bool { label == .primary || label == .unchanged }

        /// Whether nothing has to be written where `published` is.
        func isMet(by published: Wish) -> Bool {
            var same = published
            if label == .unchanged { same.label = label }
            return self == same
        }
    }

    init(world: World, pod: Pod) {
        self.world = world
        self.pod = pod
        owner = pod.agentOwner
        containerInstance = pod.containerInstance
        identity = HolderIdentity(
            member: world.name(pod.member), podUID: pod.uid, nonce: "n\(world.nextIdentifier())")
        station = LockStation(me: identity, fence: .raised)
        station.note(pod.server.promise)
    }

    var me: String { identity.member }
    var postgres: PostgresServer { pod.server }
    var now: BootInstant { pod.clock.read(world.now) }
    var timings: Timings { view.configuration.timings }
    var tags: MemberTags { MemberTags() }

    /// Whether it believes so, at this instant and by its own clock.
    var holdsLock: Bool { station.held.map { now < $0.until } ?? false }

    func run() {
        list()
    }

    func after(_ delay: Microseconds, _ work: @escaping () -> Void) {
        world.schedule(after: delay, owner, work)
    }

    func standing() -> LockStanding {
        station.standing(at: now, ttl: timings.ttl)
    }

    // MARK: Wake-ups

    func wake() {
        guard !isCycling else {
            mustCycleAgain = true
            return
        }
        isCycling = true
        after(world.random.next(in: 200...1_500)) { [self] in
            mustCycleAgain = false
            cycle()
        }
    }

    func endCycle(pause: Duration) {
        isCycling = false
        guard !mustCycleAgain else { return wake() }
        timerNumber += 1
        let number = timerNumber
        after(pause.microseconds) { [self] in if number == timerNumber { wake() } }
    }

    func serverEnded() {
        after(world.random.next(in: 200...3_000)) { [self] in wake() }
    }

    // MARK: Activities

    /// - Parameter body: is handed what ends the activity: true for success.
    func begin(_ kind: Activity, _ body: (@escaping (Bool) -> Void) -> Void) {
        activityNumber += 1
        let number = activityNumber
        activity = kind
        healthyUntil = ServerHealth.renewable(until: healthyUntil, during: kind, from: now, timings)
        body { [self] succeeded in
            // Whatever is wrong may last: do not spin on it.
            after(succeeded ? 0 : 500_000) { [self] in
                guard activityNumber == number else { return }
                activity = nil
                healthyUntil = ServerHealth.renewable(afterActivityAt: now, timings)
                wake()
            }
        }
    }

    /// Work of an activity goes on only while nothing has overtaken it.
    func guarded(_ work: @escaping () -> Void) -> () -> Void {
        let number = activityNumber
        return { [self] in if activityNumber == number { work() } }
    }
}
