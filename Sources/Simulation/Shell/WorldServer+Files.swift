import HighAvailability
import PostgresConfiguration
import ServerControl
import Units

extension WorldServer {
    // MARK: What is kept beside the data

    var promise: String? { postgres.promise }

    func keepPromise(_ text: String?) async throws {
        try await untilVolumeAnswers()
        try await settle(100...3_000)
        postgres.promise = text
    }

    var keptSettings: String? { postgres.keptSettings }

    func keepSettings(_ text: String) async throws {
        try await untilVolumeAnswers()
        try await settle(100...3_000)
        postgres.keptSettings = text
    }

    // MARK: The data directory

    func claimVolume() async -> Bool { true }

    func dataDirectoryState() async throws -> DataDirectoryState {
        switch postgres.data {
        case .none: .absent
        case .damaged: .incomplete(operation: "pg_rewind")
        case .detached: .unreadable(reason: "the volume is gone")
        case .initialized: .initialized(try await controlData(), Self.version)
        }
    }

    func controlData() async throws -> ControlData {
        try await life.pause(500...3_000)
        let state: ControlData.State =
            if postgres.hasPostmaster {
                postgres.isMarkedStandby ? .inArchiveRecovery : .inProduction
            } else if postgres.isUnstartedCopy {
                .inProduction
            } else if postgres.isClean {
                postgres.isMarkedStandby ? .shutDownInRecovery : .shutDown
            } else {
                postgres.isMarkedStandby ? .inArchiveRecovery : .inProduction
            }
        let checkpoint = LSN(rawValue: postgres.isClean ? postgres.checkpoint : postgres.flushed)
        let end = LSN(rawValue: postgres.isMarkedStandby ? postgres.flushed : 0)
        let text = """
            Database system identifier: \(postgres.systemIdentifier)
            Database cluster state: \(state.rawValue)
            Latest checkpoint location: \(checkpoint)
            Latest checkpoint's REDO location: \(checkpoint)
            Latest checkpoint's TimeLineID: \(postgres.timeline)
            Minimum recovery ending location: \(end)
            Min recovery ending loc's timeline: \(postgres.isMarkedStandby ? postgres.timeline : 0)
            Data page checksum version: 1
            """
        guard let control = ControlData(parsing: text) else {
            throw InstanceError(.toolFailed, "pg_controldata printed no control data")
        }
        return control
    }

    var dataVersion: ServerVersion? { postgres.data == .initialized ? Self.version : nil }

    var isMarkedStandby: Bool { postgres.isMarkedStandby || postgres.isUnstartedCopy }
    var isUnstartedCopy: Bool { postgres.isUnstartedCopy }

    func history(of timeline: Timeline) async -> TimelineHistory? {
        guard timeline.rawValue == postgres.timeline, timeline.rawValue > 1 else { return nil }
        return TimelineHistory(parsing: world.log.history(of: postgres.branch))
    }

    func initialize(options: InitdbOptions, parameters: [String: String], deadline: Duration) async throws {
        guard postgres.data == .none else { throw InstanceError(.refused, "the data directory is not empty") }
        try await tool { postgres.initialize(done: $0) }
        world.checker.bootstraps += 1
        if world.checker.bootstraps > 1, case .done = world.api.settings.initialization {
            world.violate(.twoBootstraps, "\(life.identity.member) created a second cluster")
        }
    }

    func crashRecovery(deadline: Duration) async throws -> RecoveryOutcome {
        guard !postgres.hasPostmaster else { throw InstanceError(.alreadyRunning, "a server runs") }
        guard !postgres.isClean, !postgres.isMarkedStandby else { return .notNeeded }
        if postgres.isUnstartedCopy { return .skippedForBackupLabel }
        try await tool { postgres.recover(done: $0) }
        return .recovered
    }

    func moveDataDirectoryAside(reason: String) async throws -> String {
        try life.requireLife()
        try await untilVolumeAnswers()
        guard !postgres.hasPostmaster else { throw InstanceError(.alreadyRunning, "a server runs") }
        let isElsewhere = world.pods.contains {
            $0.server !== postgres && !$0.isGone && $0.server.data == .initialized
        }
        if reason.hasPrefix("reinitialize"), postgres.data == .initialized, !isElsewhere {
            world.violate(.dataIsKept, "\(life.identity.member) moves the last copy of the data away")
        }
        postgres.data = .none
        postgres.proofsAtMove = postgres.proofs
        postgres.movedAside.insert(reason)
        return "pgdata.\(reason)"
    }

    func hasMovedAside(reason: String) -> Bool { postgres.movedAside.contains(reason) }

    func roomForCopy(from upstream: Upstream, deadline: Duration) async -> CopyRoom? { postgres.room }

    func discardIncomplete() async throws {
        throw InstanceError(.refused, "there is nothing that an interrupted copy has left")
    }

    // MARK: Another server

    func divergence(from upstream: Upstream, deadline: Duration) async throws -> Divergence {
        let control = try await controlData()
        guard let local = localEnd(control) else { return .unknown(reason: "the local server tells no end") }
        guard let source = try await reach(upstream, deadline) else {
            return .unknown(reason: "cannot ask \(upstream.member)")
        }
        guard source.systemIdentifier == postgres.systemIdentifier else {
            throw InstanceError(.foreignCluster, "\(upstream.member) belongs to another cluster")
        }
        return local.divergence(
            fromTimeline: Timeline(rawValue: source.timeline),
            history: TimelineHistory(parsing: world.log.history(of: source.branch)),
            isInRecovery: source.process == .standby)
    }

    private func localEnd(_ control: ControlData) -> LocalHistoryEnd? {
        guard postgres.hasPostmaster else { return LocalHistoryEnd(of: control) }
        guard postgres.process == .standby else { return nil }
        return LocalHistoryEnd(
            timeline: Timeline(rawValue: postgres.timeline), position: LSN(rawValue: postgres.received),
            kind: .received)
    }

    func abandonedWAL(against upstream: Upstream, isBegunByAnother: Bool, deadline: Duration) async throws
        -> AbandonedWAL
    {
        let control = try await controlData()
        guard let local = localEnd(control), let source = try await reach(upstream, deadline) else {
            throw InstanceError(.refused, "the end of the local history is not known")
        }
        return local.abandoned(
            own: TimelineHistory(parsing: world.log.history(of: postgres.branch)),
            upstream: Timeline(rawValue: source.timeline),
            history: TimelineHistory(parsing: world.log.history(of: source.branch)),
            isBegunByAnother: isBegunByAnother)
    }

    /// - Returns: nil when it does not answer.
    private func reach(_ upstream: Upstream, _ deadline: Duration) async throws -> PostgresServer? {
        guard let index = index(upstream) else { return nil }
        let source = world.pods[index].server
        guard source.isAnswering, !source.host.isFrozen(.server), source.host.frozenPostmaster == 0,
            world.network.connects(pod.node, source.host.node)
        else {
            try await life.call { done in
                world.schedule(after: deadline.microseconds, life.owner) { done(.success(())) }
            }
            return nil
        }
        try await life.pause(500...5_000)
        return source
    }

    func rewind(from upstream: Upstream, deadline: Duration) async throws {
        guard !postgres.hasPostmaster else { throw InstanceError(.alreadyRunning, "a server runs") }
        if !postgres.isClean, !postgres.isMarkedStandby { _ = try await crashRecovery(deadline: deadline) }
        try await copy(upstream) { source, done in
            // It goes by the source's pg_control, which tells the new timeline only from the first checkpoint on.
            guard source.process == .primary, source.hasCheckpointSincePromotion else { return done(false) }
            postgres.rewind(from: source, done: done)
        }
    }

    func clone(from upstream: Upstream, deadline: Duration) async throws {
        guard !postgres.hasPostmaster else { throw InstanceError(.alreadyRunning, "a server runs") }
        guard postgres.data == .none else {
            world.violate(.dataIsKept, "\(life.identity.member) copies a server over data it has")
            throw InstanceError(.refused, "the data directory is not empty")
        }
        try await copy(upstream) { postgres.clone(from: $0, done: $1) }
    }

    private func copy(_ upstream: Upstream, _ begin: (PostgresServer, @escaping @Sendable (Bool) -> Void) -> Void)
        async throws
    {
        guard let source = try await reach(upstream, .seconds(2)) else {
            throw InstanceError(.toolFailed, "\(upstream.member) does not answer")
        }
        try await tool { begin(source, $0) }
        postgres.isUnstartedCopy = true
        owesReload = true
    }

    var copiedPercent: Int? { nil }

    func requireCopyable(_ upstream: Upstream, deadline: Duration) async throws {
        guard try await reach(upstream, deadline) != nil else {
            throw SessionFailure(.timeout, "\(upstream.member) does not answer")
        }
    }

    func prepareToStream(from upstream: Upstream, deadline: Duration) async throws {
        guard try await reach(upstream, deadline) != nil else {
            throw SessionFailure(.timeout, "\(upstream.member) does not answer")
        }
    }

    func objectionToFollowing(_ remote: Upstream, deadline: Duration) async -> String? { "no cluster here has another" }

    func hasCheckpoint(_ remote: Upstream, deadline: Duration) async throws -> Bool { true }

    /// A program that works on the files; one that is broken off is killed.
    private func tool(_ begin: (@escaping @Sendable (Bool) -> Void) -> Void) async throws {
        try await untilVolumeAnswers()
        do {
            let isDone: Bool = try await life.call { done in begin { done(.success($0)) } }
            guard isDone else { throw InstanceError(.toolFailed, "the program failed") }
        } catch is CancellationError {
            if !life.isOver { postgres.kill(tools: true) }
            throw CancellationError()
        }
    }
}

extension WriteAheadLog {
    /// As a history file has it: where each timeline of this course ended.
    func history(of branch: Int) -> String {
        var lines: [String] = []
        var current = branch
        while branches[current].parent >= 0 {
            let parent = branches[current].parent
            if branches[parent].timeline != branches[current].timeline {
                lines.append(
                    "\(branches[parent].timeline)\t\(LSN(rawValue: branches[current].fork))\tno recovery target specified"
                )
            }
            current = parent
        }
        return lines.reversed().joined(separator: "\n")
    }
}
