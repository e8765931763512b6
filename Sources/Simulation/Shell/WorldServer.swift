import HighAvailability
import PostgresConfiguration
import ServerControl
import Units

/// The modelled server of one Pod, as one life of its agent sees it.
///
/// What is kept beside the data is the model's; what this agent was told last ends with it.
final class WorldServer: LocalServer, @unchecked Sendable {
    unowned let life: AgentLife
    let exits: AsyncStream<PostmasterExit>
    private let exit: AsyncStream<PostmasterExit>.Continuation
    /// What the files say.
    var written: (settings: PostgresSettings, role: ServerRole)?
    /// The files may say what the running server has not read.
    var owesReload = true
    /// The postmaster this agent has a session with.
    var session: Int32?
    /// The postmaster whose end was told.
    private var ended: Int32?
    /// What ends with the server: who waits for a commit in a session of this agent's.
    private var committing: [@Sendable (Result<Void, any Error>) -> Void] = []

    init(_ life: AgentLife) {
        self.life = life
        (exits, exit) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(8))
    }

    var world: World { life.world }
    var pod: Pod { life.pod }
    var postgres: PostgresServer { life.pod.server }

    func end() { exit.finish() }

    // MARK: The process

    var runningPostmaster: PostmasterHandle? {
        guard postgres.hasPostmaster else { return nil }
        return PostmasterHandle(pid: postgres.postmaster, isChild: true)
    }

    /// Also when backends that have outlived it end: nobody is told of it twice.
    func noteExit() {
        guard ended != postgres.postmaster else { return }
        ended = postgres.postmaster
        let broken = committing
        committing = []
        for tell in broken { tell(.failure(SessionFailure(.other, "the server closed the connection"))) }
        exit.yield(PostmasterExit(pid: postgres.postmaster, status: .unknown))
    }

    func adopt() async -> PostmasterHandle? { runningPostmaster }

    func adoptStartedByHand() async -> PostmasterHandle? { nil }

    func start(_ settings: PostgresSettings, as role: ServerRole) async throws -> PostmasterHandle {
        guard !postgres.hasPostmaster else { throw InstanceError(.alreadyRunning, "a server runs already") }
        guard postgres.data == .initialized else { throw InstanceError(.refused, "there is nothing to start") }
        let upstream: Int?
        switch role {
        case .primary:
            guard !isMarkedStandby, !postgres.isMarkedStandby else {
                throw InstanceError(.refused, "it was last run as a standby")
            }
            upstream = nil
        case .standby(let source): upstream = source.flatMap(index)
        }
        try await untilVolumeAnswers()
        try await life.pause(2_000...15_000)
        try Task.checkCancellation()
        postgres.kill()
        (written, owesReload) = ((settings, role), false)
        postgres.isUnstartedCopy = false
        postgres.holdsOutUsers = settings.holdsOutUsers
        apply(settings.synchronousStandbyNames)
        postgres.start(asPrimary: role == .primary, upstream: upstream) { _ in }
        return PostmasterHandle(pid: postgres.postmaster, isChild: true)
    }

    func waitUntilAccepting(deadline: Duration) async throws -> Acceptance {
        if postgres.isAnswering { return .acceptingConnections }
        guard postgres.hasPostmaster else { return .exited(.unknown) }
        return try await life.call { done in
            postgres.waiters.append { [postgres] _ in
                done(.success(postgres.isAnswering ? .acceptingConnections : .exited(.unknown)))
            }
            world.schedule(after: deadline.microseconds, life.owner) { done(.success(.starting)) }
        }
    }

    func stop(_ mode: StopMode, deadline: Duration) async throws -> StopReport {
        let began = world.now
        var isEscalated = false
        if postgres.hasPostmaster {
            switch mode {
            case .fast:
                let isInOrder: Bool = try await life.call(isBrokenOff: false) { done in
                    postgres.stopFast { done(.success($0)) }
                    world.schedule(after: deadline.microseconds, life.owner) { done(.success(false)) }
                }
                isEscalated = !isInOrder
            case .immediate: try await settle(2_000...30_000)
            }
        } else {
            try await settle(500...3_000)
        }
        let hadProcesses = postgres.process != .none
        postgres.kill()
        if hadProcesses, pod.stuckVolume > 0 { try await awaitTheDying(for: .seconds(10)) }
        let checkpoint = try await shutdownCheckpoint()
        return StopReport(
            isClean: postgres.data == .initialized && postgres.isClean, wasEscalated: isEscalated,
            elapsed: .microseconds(world.now - began), shutdownCheckpoint: checkpoint)
    }

    /// What was killed runs nothing any more, and is there until its volume lets it go.
    private func awaitTheDying(for limit: Duration) async throws {
        let end = world.now + limit.microseconds
        while pod.stuckVolume > 0 {
            guard world.now < end else { throw InstanceError(.processesRemain, "killed processes wait for the volume") }
            try await settle(20_000...20_000)
        }
    }

    /// Whatever writes a file has to wait for it.
    func untilVolumeAnswers() async throws {
        while pod.stuckVolume > 0 { try await settle(20_000...20_000) }
    }

    /// What goes on although the task is cancelled.
    func settle(_ range: ClosedRange<Int64>) async throws { try await life.pause(range, isBrokenOff: false) }

    func shutdownCheckpoint() async throws -> ShutdownPosition? {
        guard postgres.data == .initialized, postgres.isClean, !postgres.isMarkedStandby, !postgres.isUnstartedCopy
        else { return nil }
        return ShutdownPosition(
            timeline: Timeline(rawValue: postgres.timeline), checkpoint: LSN(rawValue: postgres.checkpoint))
    }

    func killLeftovers(deadline: Duration) async throws {
        try life.requireLife()
        let hadProcesses = postgres.process != .none
        if !postgres.hasPostmaster { postgres.kill() }
        if hadProcesses, !postgres.hasPostmaster, pod.stuckVolume > 0 { try await awaitTheDying(for: deadline) }
    }

    // MARK: What a running server is asked to do

    func promote(deadline: Duration) async throws -> Timeline {
        let isPrimary: Bool = try await life.call { done in
            postgres.promote { done(.success($0)) }
            world.schedule(after: deadline.microseconds, life.owner) { done(.success(false)) }
        }
        guard isPrimary else { throw SessionFailure(.other, "recovery has not ended") }
        try await life.pause(100...5_000)
        return Timeline(rawValue: postgres.timeline)
    }

    func endTransactions(deadline: Duration) async throws -> Int { 0 }

    /// A commit like any client's: it waits for the same standbys, and the checker holds everybody to it.
    func commitAsClient(deadline: Duration) async throws {
        try life.requireLife()
        guard postgres.process == .primary, pod.frozenServer == 0, pod.frozenPostmaster == 0 else {
            throw SessionFailure(.timeout, "no session is to be had")
        }
        try await life.call { (done: @escaping @Sendable (Result<Void, any Error>) -> Void) in
            committing.append(done)
            postgres.commit(size: 60) { isCommitted in
                done(isCommitted ? .success(()) : .failure(SessionFailure(.other, "the commit was refused")))
            }
            world.schedule(after: deadline.microseconds, life.owner) {
                done(.failure(SessionFailure(.timeout, "the commit has not returned")))
            }
        }
    }

    func checkpoint(deadline: Duration) async throws {
        try await life.pause(50_000...1_500_000)
        guard postgres.isAnswering, pod.frozenServer == 0, pod.stuckVolume == 0 else {
            throw SessionFailure(.other, "the server does not answer")
        }
        postgres.checkpointOnline()
    }

    func passCheckpointer(deadline: Duration) async throws {
        guard postgres.isAnswering else { throw SessionFailure(.other, "the server does not answer") }
        try await life.call { done in
            postgres.passCheckpointer { done(.success(())) }
            world.schedule(after: deadline.microseconds, life.owner) {
                done(.failure(SessionFailure(.timeout, "the checkpointer is busy")))
            }
        }
    }

    func refreshConfirmations(deadline: Duration) async -> Bool { true }

    func waitUntilReceivingEnds(deadline: Duration) async throws -> LSN {
        try await life.pause(5_000...200_000)
        guard postgres.process == .standby, postgres.connection == nil else {
            throw SessionFailure(.timeout, "a walreceiver still runs")
        }
        postgres.flushReceived()
        return LSN(rawValue: postgres.flushed)
    }

    func ensureSlots(_ wanted: Set<SlotName>, prefix: String, drops: Bool, deadline: Duration) async throws
        -> SlotChange
    {
        SlotChange()
    }

    func createRoles(deadline: Duration) async throws { try await life.pause(5_000...30_000) }

    func requireUsable(_ options: InitdbOptions) async throws {}

    func keepApplicationPassword(of application: ApplicationDatabase, again: Bool, deadline: Duration) async throws
        -> ApplicationPassword
    { .unchanged }

    func missingWAL(after end: LSN, on upstream: Upstream, deadline: Duration) async throws -> LSN? { nil }

    func damagedPages(deadline: Duration) async throws -> DamagedPages? { nil }

    // MARK: Settings

    func writeConfiguration(_ settings: PostgresSettings, role: ServerRole) async throws -> ConfigurationChange {
        try await untilVolumeAnswers()
        try await settle(200...2_000)
        if written?.settings != settings || written?.role != role {
            written = (settings, role)
            owesReload = true
        }
        return owesReload ? .reload : .unchanged
    }

    func reload() async throws {
        try life.requireLife()
        pod.reloads += 1
        guard postgres.hasPostmaster, let written else { throw InstanceError(.notRunning, "no server runs") }
        owesReload = false
        apply(written.settings.synchronousStandbyNames)
        postgres.holdsOutUsers = written.settings.holdsOutUsers
        if case .standby(let source) = written.role, postgres.process == .standby {
            postgres.follow(source.flatMap(index))
        }
    }

    private func apply(_ names: String) {
        let wanted = SynchronousStandbyNames(names) ?? SynchronousStandbyNames.none
        if wanted != postgres.names { postgres.apply(wanted) }
    }

    func configurationFileErrors(deadline: Duration) async throws -> [ConfigurationFileError] { [] }

    /// It takes its time. Now and then all the time it has, or it comes to nothing, or this member's server does not take them.
    func prove(_ settings: PostgresSettings, deadline: Duration) async -> SettingsVerdict {
        postgres.proofs += 1
        defer { postgres.proofs -= 1 }
        do {
            let chance = world.random.index(below: 1000)
            var isSilent = chance < 50
            switch world.proofs {
            case .drawn: break
            case .silent: isSilent = true
            case .always(let verdict):
                try await life.pause(300_000...2_000_000)
                return verdict
            }
            if isSilent {
                try await life.call { done in
                    world.schedule(after: deadline.microseconds, life.owner) { done(.success(())) }
                }
                return .undecided("the server of the proof lets nobody in")
            }
            try await life.pause(300_000...2_000_000)
            switch chance {
            case ..<100: return .undecided("the volume has no room for a proof")
            case ..<120:
                return .provenWithoutAutomaticConfiguration([
                    ConfigurationFileError(parameter: "colour", file: nil, message: "is unknown here")
                ])
            case ..<150:
                return .refused([ConfigurationFileError(parameter: "work_mem", file: nil, message: "is refused here")])
            case _: return .proven
            }
        } catch {
            return .undecided("\(error)")
        }
    }

    func clearProof() async {
        guard case .silent = world.proofs else { return }
        // What is left of one does not go. Whoever is killed waits no longer.
        do { try await life.pause(8_000_000...9_000_000) } catch { return }
    }

    var configurationTexts: [String: String] { [:] }

    func restore(_ configurationTexts: [String: String]) async throws {}

    func undoEdits() async throws -> UndoneEdits { UndoneEdits() }

    var runningCommandLine: [String: String] { [:] }

    var holdsOutUsers: Bool { postgres.holdsOutUsers }

    /// The Pod at an upstream's address.
    func index(_ upstream: Upstream) -> Int? { world.pods.firstIndex { $0.address == upstream.host } }
}
