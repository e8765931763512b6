import HighAvailability
import ServerControl
import Units

/// One data directory and the server that may run on it.
///
/// What is modelled: timelines, flushed and received WAL, walsenders with WAL in flight, crash recovery, clean shutdown with
/// its checkpoint shipped, promotion, rewind and clone, backends that outlive their postmaster, and the three places that hold
/// synchronous_standby_names: what sessions show, what walsenders release commits by, and the checkpointer's flag.
final class PostgresServer {
    enum Data: Equatable { case none, damaged, initialized, detached }
    enum Process: Equatable { case none, startingPrimary, startingStandby, primary, standby, stopping, orphans }

    struct Sender {
        var pod: Int
        var connection: Int
        var sent: UInt64
        var acknowledged: UInt64
        var isInFlight: Bool
    }
    struct WaitingCommit {
        var branch: Int
        var position: UInt64
        var done: (Bool) -> Void
    }

    unowned let world: World
    let pod: Int

    var data = Data.none
    var systemIdentifier = ""
    var branch = 0
    /// End of what the walreceiver has written; what a standby reports.
    var received: UInt64 = 0 { didSet { replay() } }
    /// Of what was received; only a running standby may lack some.
    private(set) var replayed: UInt64 = 0
    var flushed: UInt64 = 0
    /// standby.signal is there.
    var isMarkedStandby = false
    /// Why data lies beside the data directory.
    var movedAside: Set<String> = []
    /// Servers that prove settings here, now and when data was moved aside last.
    var proofs = 0
    var proofsAtMove = 0
    /// On its volume; nil: enough.
    var room: CopyRoom?
    var isClean = true
    /// Start of the shutdown checkpoint of a clean primary.
    var checkpoint: UInt64 = 0

    var process = Process.none
    /// Of the postmaster and its children; each start and each kill is another.
    var life: Int32 = 0
    /// Of the processes alone; tools do not count.
    var postmasterLife: Int32 = 0
    /// Which of all postmasters there were here runs, or ran last.
    var postmaster: Int32 = 0
    var upstream: Int?
    var connection: Int?
    var senders: [Sender] = []
    var waiting: [WaitingCommit] = []
    /// What every walsender goes by.
    var rule = SynchronousRule.none
    /// What the server shows; its walsenders read it a moment later.
    var names = SynchronousStandbyNames.none
    /// The checkpointer's flag: whether a commit waits at all. It follows the names when the checkpointer has time to read
    /// them.
    var commitsWait = false
    /// Until then the checkpointer writes a checkpoint, and reads nothing.
    var checkpointerIsBusyUntil: Microseconds = 0
    /// Ordinary users cannot connect.
    var holdsOutUsers = false
    /// Kept beside the data, as its agent wrote it: no WAL from a leader of an earlier epoch.
    var promise: String?
    /// Kept beside the data: what a server here has taken last.
    var keptSettings: String?
    /// pg_control tells of the timeline it is on: it has made a checkpoint since it was promoted.
    var hasCheckpointSincePromotion = true
    /// A copy nobody has started yet.
    var isUnstartedCopy = false
    var reign = 0
    /// Those who wait for a start, a stop or a promotion; told false when the server is killed.
    var waiters: [(Bool) -> Void] = []

    init(world: World, pod: Int) {
        self.world = world
        self.pod = pod
    }

    var owner: EventQueue.Owner { EventQueue.Owner(kind: .server, pod: Int32(pod), life: life) }
    var host: Pod { world.pods[pod] }
    var timeline: UInt32 { world.log.branches[branch].timeline }
    /// The promotion that began the timeline this server is the primary of, as its history file has it; nil for the first.
    func beginning(by member: String) -> TimelineSwitch? {
        let branches = world.log.branches
        var first = branches[branch]
        while first.parent >= 0, branches[first.parent].timeline == timeline { first = branches[first.parent] }
        guard first.parent >= 0 else { return nil }
        return TimelineSwitch(
            timeline: Timeline(rawValue: branches[first.parent].timeline), position: LSN(rawValue: first.fork),
            reason: "no recovery target specified", newLeader: member)
    }

    var hasPostmaster: Bool {
        switch process {
        case .none, .orphans: false
        case .startingPrimary, .startingStandby, .primary, .standby, .stopping: true
        }
    }
    var isAnswering: Bool { process == .primary || process == .standby }

    /// Replays what there is, unless something is in the way.
    func replay() {
        guard process == .standby, received > replayed, world.replayStalls[host.member] > 0 else {
            replayed = received
            return
        }
    }

    /// Its volume answers: otherwise whatever has to be written is tried again until it does, by the processes that live then.
    ///
    /// - Returns: false when `work` was put off.
    func canWrite(orLater work: @escaping () -> Void) -> Bool {
        guard host.stuckVolume > 0 else { return true }
        world.schedule(after: 20_000, owner, work)
        return false
    }

    /// Writes and flushes.
    func write(_ bytes: UInt64) {
        branch = world.log.write(branch, from: flushed, to: flushed + bytes)
        flushed += bytes
        received = flushed
    }

    /// What its files tell of it while it does not run; nil without any that can be used.
    var stopped: StoppedServer? {
        guard data == .initialized else { return nil }
        return StoppedServer(
            systemIdentifier: systemIdentifier, timeline: Timeline(rawValue: timeline), wasPrimary: !isMarkedStandby,
            isClean: isClean, position: LSN(rawValue: isClean ? checkpoint : flushed))
    }

    // MARK: Life

    /// SIGKILL to every process of the data directory. What was written and not flushed is lost.
    func kill() {
        guard process != .none else { return }
        process = .none
        life += 1
        postmasterLife += 1
        (host.frozenServer, host.frozenPostmaster) = (0, 0)
        received = flushed
        isClean = false
        dropConnections()
        waiting = []
        let told = waiters
        waiters = []
        for waiter in told { waiter(false) }
        host.serverEnded()
    }

    /// SIGKILL to what an agent had started on the files: initdb, pg_basebackup, pg_rewind, single-user mode.
    func kill(tools: Bool) {
        guard tools, process == .none else { return }
        life += 1
    }

    /// The volume as it is now: a new server on it has a crash to recover from, unless it was stopped in order.
    func copyFiles(of other: PostgresServer) {
        (data, systemIdentifier, branch) = (other.data, other.systemIdentifier, other.branch)
        (received, flushed, checkpoint) = (other.flushed, other.flushed, other.checkpoint)
        (isMarkedStandby, isClean) = (other.isMarkedStandby, other.isClean && !other.hasPostmaster)
        (names, rule) = (other.names, other.rule)
        (promise, keptSettings) = (other.promise, other.keptSettings)
        (isUnstartedCopy, movedAside) = (other.isUnstartedCopy, other.movedAside)
    }

    /// SIGKILL to the postmaster alone: a backend in the middle of a commit can still tell its client.
    func killPostmaster() {
        guard hasPostmaster else { return }
        let wasPrimary = process == .primary
        process = .orphans
        isClean = false
        dropConnections()
        waiting = []
        let told = waiters
        waiters = []
        for waiter in told { waiter(false) }
        if wasPrimary, !commitsWait, host.stuckVolume == 0 {
            write(100)
            let (branch, position) = (branch, flushed)
            world.schedule(after: world.random.next(in: 0...4_000_000), owner) { [self] in
                acknowledge(branch, position) { _ in }
            }
        }
        host.serverEnded()
    }

    private func dropConnections() {
        for sender in senders { world.pods[sender.pod].server.upstreamClosed(sender.connection, by: host.node) }
        senders = []
        if let upstream, let connection { world.pods[upstream].server.standbyClosed(connection) }
        connection = nil
    }

    /// - Parameter done: true once it accepts connections.
    func start(asPrimary: Bool, upstream: Int?, done: @escaping (Bool) -> Void) {
        guard data == .initialized, !hasPostmaster else { return done(false) }
        kill()
        life += 1
        postmaster += 1
        isMarkedStandby = !asPrimary
        (commitsWait, checkpointerIsBusyUntil) = (names.count > 0, 0)
        self.upstream = upstream
        process = asPrimary ? .startingPrimary : .startingStandby
        waiters.append(done)
        let recovery = isClean ? world.random.next(in: 40_000...150_000) : world.random.next(in: 60_000...1_500_000)
        isClean = false
        world.schedule(after: recovery, owner) { [self] in
            process = asPrimary ? .primary : .standby
            // Crash recovery ends with one.
            if asPrimary { hasCheckpointSincePromotion = true }
            if asPrimary { beginReign(isPromotion: false) } else { connectSoon(after: 0) }
            finishWaiters()
        }
    }

    /// Fast shutdown: no new commits, sessions end unanswered, the checkpoint is written and shipped to who is connected.
    ///
    /// - Parameter done: true when it ended in order.
    func stopFast(done: @escaping (Bool) -> Void) {
        guard isAnswering else {
            kill()
            return done(data == .initialized && isClean)
        }
        let wasPrimary = process == .primary
        process = .stopping
        waiting = []
        waiters.append(done)
        if !wasPrimary {
            world.schedule(after: world.random.next(in: 5_000...30_000), owner) { [self] in endInOrder() }
            return
        }
        world.schedule(after: world.random.next(in: 5_000...60_000), owner) { [self] in writeShutdownCheckpoint() }
    }

    private func writeShutdownCheckpoint() {
        guard canWrite(orLater: { [self] in writeShutdownCheckpoint() }) else { return }
        checkpoint = flushed
        hasCheckpointSincePromotion = true
        write(120)
        ship()
        endWhenShipped()
    }

    /// CHECKPOINT: leaves a record, also when there was nothing to write.
    func checkpointOnline() {
        guard process == .primary, !host.isFrozen(.server), host.stuckVolume == 0 else { return }
        hasCheckpointSincePromotion = true
        write(120)
        ship()
    }

    private func endWhenShipped() {
        guard senders.allSatisfy({ $0.acknowledged >= flushed }) else {
            world.schedule(after: 3_000, owner) { [self] in endWhenShipped() }
            return
        }
        endInOrder()
    }

    private func endInOrder() {
        guard canWrite(orLater: { [self] in endInOrder() }) else { return }
        let told = waiters
        waiters = []
        process = .none
        life += 1
        received = flushed
        isClean = true
        dropConnections()
        for waiter in told { waiter(true) }
        host.serverEnded()
    }

    func finishWaiters() {
        let told = waiters
        waiters = []
        for waiter in told { waiter(true) }
    }

    /// Ends recovery on a new timeline.
    func promote(done: @escaping (Bool) -> Void) {
        guard process == .standby else { return done(process == .primary) }
        waiters.append(done)
        // Nothing is in the way of a promotion for long; what is left to replay takes its time.
        let left = min(Microseconds(received - replayed) * 20, .seconds(5))
        world.schedule(after: left + world.random.next(in: 20_000...250_000), owner) { [self] in endRecovery() }
    }

    private func endRecovery() {
        guard process == .standby, canWrite(orLater: { [self] in endRecovery() }) else { return }
        if let upstream, let connection { world.pods[upstream].server.standbyClosed(connection) }
        connection = nil
        flushed = received
        let former = (branch, flushed)
        branch = world.log.fork(from: branch, at: flushed)
        hasCheckpointSincePromotion = false
        write(80)
        isMarkedStandby = false
        process = .primary
        replay()
        beginReign(isPromotion: true, former: former)
        ship()
        finishWaiters()
    }

    /// Single-user mode: replays what there is and shuts down in order.
    func recover(done: @escaping (Bool) -> Void) {
        guard !hasPostmaster else { return done(false) }
        kill()
        life += 1
        world.schedule(after: world.random.next(in: 80_000...800_000), owner) { [self] in
            checkpoint = flushed
            hasCheckpointSincePromotion = true
            write(120)
            isClean = true
            done(true)
        }
    }
}
