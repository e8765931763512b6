import HighAvailability
import Units

/// One Pod: a container with init, agent and PostgreSQL, on a node. A deleted Pod's name goes on to another instance.
final class Pod {
    /// Among all Pods there ever were; also its address.
    let index: Int
    /// Which member's name it carries.
    let member: Int
    let node: Int
    let clock: NodeClock
    let uid: String
    let address: String

    /// Of the container instance; each restart is another.
    var life: Int32 = 0
    /// The name the instance leaves for the kubelet to report; here it has it from its start, before its agent runs.
    var containerInstance = ""
    var isRunning = false
    /// Removed from its node for good.
    var isGone = false
    var isPoweredOff = false
    /// Its object is in the API, so its name is its own.
    var isInAPI = true
    /// Its volume ends with it.
    var losesData = false
    var restarts = 0
    /// Its agent was elected although it lacks commits, because somebody asked for exactly this.
    var isElectedAtLoss = false
    /// It was handed the lock it took last.
    var wasNamedHeir = false
    /// Between a stop request and the end.
    var isTerminating = false
    var reported = Reported()
    /// How often its agents have looked at its server.
    var looks = 0
    /// How often its server was told to read its files.
    var reloads = 0

    /// init: past it every process of the data directory is killed.
    var fence: BootInstant?
    var agent: AgentLife?
    var agentLife: Int32 = 0
    var agentBackoff: Microseconds = .milliseconds(100)
    let server: PostgresServer

    // Frozen processes, counted because faults overlap.
    var frozenAgent = 0
    var frozenServer = 0
    var frozenPostmaster = 0
    var frozenPod = 0
    /// Writes to its volume do not return; also counted.
    var stuckVolume = 0 { didSet { if oldValue == 0 { stuckSince = server.world.now } } }
    private(set) var stuckSince: Microseconds = 0
    var deferred: [(owner: EventQueue.Owner, work: () -> Void)] = []
    /// When the whole Pod, init included, last came back from standing still.
    var thawedAt: Microseconds = .min / 2

    func breakWatches(noticedAfter delay: ClosedRange<Int64>) {
        for isOfPods in [false, true] {
            agent?.breakWatch(ofPods: isOfPods, noticedAfter: delay)
        }
    }

    func serverEnded() { agent?.serverEnded() }

    /// What the kubelet has told the API server of the container.
    struct Reported {
        var terminated: Set<String> = []
        var isInBackOff = false
    }

    init(index: Int, member: Int, node: Int, clock: NodeClock, server: PostgresServer) {
        self.index = index
        self.member = member
        self.node = node
        self.clock = clock
        self.server = server
        uid = "u\(index)"
        address = "p\(index)"
    }

    var owner: EventQueue.Owner { EventQueue.Owner(kind: .initProcess, pod: Int32(index), life: life) }
    var agentOwner: EventQueue.Owner { EventQueue.Owner(kind: .agent, pod: Int32(index), life: agentLife) }
    var serverOwner: EventQueue.Owner { EventQueue.Owner(kind: .server, pod: Int32(index), life: server.life) }

    func isAlive(_ owner: EventQueue.Owner) -> Bool {
        switch owner.kind {
        case .world: true
        case .agent: agent != nil && owner.life == agentLife
        case .initProcess: isRunning && owner.life == life
        case .server: owner.life == server.life
        }
    }

    /// The life of what a fault freezes: another one is not frozen.
    func lives(of fault: Fault.Kind) -> Int32 {
        switch fault {
        case .freezeAgent: agentLife
        case .freezeServer, .freezePostmaster: server.postmasterLife
        default: life
        }
    }

    /// Its PostgreSQL may be a primary: the fence that would end it is still to come.
    var isFenced: Bool { fence.map { clock.read(server.world.now) < $0 } ?? false }

    /// It stood still as a whole, init included, until a moment ago: what it does in this moment nobody can prevent.
    var isJustThawed: Bool { server.world.now - thawedAt < .milliseconds(100) }

    func isFrozen(_ kind: EventQueue.Owner.Kind) -> Bool {
        switch kind {
        case .world: false
        case .agent: frozenPod + frozenAgent > 0
        case .initProcess: frozenPod > 0
        case .server: frozenPod + frozenServer > 0
        }
    }
}
