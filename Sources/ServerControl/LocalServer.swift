public import PostgresConfiguration
public import Units

/// A member's own PostgreSQL server, as its agent sees it: the data directory, the processes on it, the sessions with them.
///
/// Nothing here decides a role. One lifecycle operation (initialize, clone, start, stop, rewind, promote) is under way at a
/// time, which is the caller's business; looking is safe at any time.
///
/// - Guarantees: every call that has a deadline ends soon after it; ``stop(_:deadline:)`` may take some seconds more. Data
///   that the failing call itself has not created is never removed, only moved aside.
/// - Errors: ``InstanceError``, those of a session, or `CancellationError`.
public protocol LocalServer: Sendable {
    // MARK: The process

    /// The postmaster that was started or adopted here, while it runs.
    var runningPostmaster: PostmasterHandle? { get }

    /// Ends of postmasters, at once. One reader; a slow one loses the oldest.
    var exits: AsyncStream<PostmasterExit> { get }

    /// Finds a server that runs on this data directory, for example after the agent was started again.
    func adopt() async -> PostmasterHandle?

    /// Finds a server that somebody else has started since the last one ended; nil when there is none.
    func adoptStartedByHand() async -> PostmasterHandle?

    /// Starts the server; returns before it accepts connections.
    ///
    /// - Cancellation: a task that is cancelled before the postmaster is there starts none.
    /// - Throws: ``InstanceError`` `.refused` when a standby's data would be started as a primary without a promotion.
    @discardableResult
    func start(_ settings: PostgresSettings, as role: ServerRole) async throws -> PostmasterHandle

    /// Waits until clients get in.
    func waitUntilAccepting(deadline: Duration) async throws -> Acceptance

    /// Stops the server; a fast stop that does not end by its deadline becomes an immediate one.
    ///
    /// - Guarantees: when this returns, no process of the data directory exists.
    /// - Cancellation: a task that is cancelled stops the server all the same; demotion rests on that.
    /// - Throws: ``InstanceError`` `.processesRemain` when SIGKILL does not help.
    @discardableResult
    func stop(_ mode: StopMode, deadline: Duration) async throws -> StopReport

    /// Where the history of a stopped primary ends; nil unless it was stopped cleanly.
    func shutdownCheckpoint() async throws -> ShutdownPosition?

    /// Kills processes of an earlier server: an orphaned backend holds shared memory and can still write.
    ///
    /// - Requires: no server runs.
    func killLeftovers(deadline: Duration) async throws

    // MARK: Looks

    /// Looks at the server over the kept session.
    func observe(deadline: Duration) async -> ServerObservation

    /// Tries whether a new session can be had: a stopped postmaster still answers old ones.
    func probeFreshSession(deadline: Duration) async -> FreshSession

    /// Whether a process of the server waits for a lock on a catalog, as a login does that somebody's maintenance holds up.
    func areLoginsBehindLock(deadline: Duration) async -> Bool

    /// Whether the volume of the data takes writes, by small ones of the agent's own. Never waits for one.
    ///
    /// - Parameter pause: from the beginning of one write to that of the next, at least.
    func lookAtVolume(every pause: Duration) -> VolumeLook

    /// Whether what is left of the server waits for the kernel only to die: killed, and held up by a volume that hangs. It
    /// acknowledges nothing any more, and still has the files.
    func isDying() async -> Bool

    /// Looks how far replay is, and what it waits for.
    func recoveryStatus(deadline: Duration) async throws -> RecoveryStatus

    /// The database the agent's sessions are in now. What was granted in another one is not granted here.
    var database: String { get }

    /// The database they should be in, when that one lets none in.
    var missingDatabase: String? { get }

    // MARK: What a running server is asked to do

    /// Promotes the local standby to primary.
    ///
    /// - Requires: the caller holds the lock.
    /// - Returns: the new timeline.
    /// - Throws: when recovery has not ended by then; the server was asked to promote, and may yet do so.
    func promote(deadline: Duration) async throws -> Timeline

    /// Ends the sessions that are in a transaction, but for this one; see ``RecoveryStatus/Wait/transaction``.
    ///
    /// - Requires: the lock of the cluster is held and the server was asked to promote.
    /// - Returns: how many were ended.
    func endTransactions(deadline: Duration) async throws -> Int

    /// Commits a transaction that changes nothing, as a client does: it waits for standbys where a client's would.
    ///
    /// - Throws: whether it is committed is not known; one that waits for standbys may wait on.
    func commitAsClient(deadline: Duration) async throws

    /// Runs `CHECKPOINT`.
    func checkpoint(deadline: Duration) async throws

    /// Returns when the checkpointer has read its configuration after this was called.
    func passCheckpointer(deadline: Duration) async throws

    /// Has standbys confirm anew what commits wait for; see `PostgresInstance`.
    ///
    /// - Returns: whether a commit that waits has returned.
    func refreshConfirmations(deadline: Duration) async -> Bool

    /// Waits until a standby that was told to follow nobody receives nothing more.
    ///
    /// - Returns: the end of everything this server has confirmed to anybody.
    func waitUntilReceivingEnds(deadline: Duration) async throws -> LSN

    /// Creates and drops physical slots of members.
    ///
    /// - Parameters:
    ///   - prefix: what the names of all member slots of this cluster begin with.
    ///   - drops: whether slots may go; otherwise missing ones are made, and nothing else.
    @discardableResult
    func ensureSlots(_ wanted: Set<SlotName>, prefix: String, drops: Bool, deadline: Duration) async throws
        -> SlotChange

    /// Creates or updates the roles of replication and rewinding, and sets all passwords.
    ///
    /// - Requires: a primary that accepts connections.
    func createRoles(deadline: Duration) async throws

    /// Refuses what would end as a cluster without its application, or without its statements, before anything is claimed or
    /// made.
    ///
    /// - Throws: `InvalidSettings` when the agents have a role of the application's name; ``InstanceError`` `.credentials`;
    ///   ``ScriptFailure`` for statements that are not mounted, or not yet.
    func requireUsable(_ options: InitdbOptions) async throws

    /// Gives the application's role the password of its Secret, unless this agent gave it that one last.
    ///
    /// - Parameter again: whether what was tried in vain is tried once more, though Secret and names are what they were.
    /// - Requires: a primary that accepts connections.
    /// - Throws: ``InstanceError`` `.credentials` when the role is there and its Secret cannot be used; the role keeps the
    ///   password it has.
    func keepApplicationPassword(of application: ApplicationDatabase, again: Bool, deadline: Duration) async throws
        -> ApplicationPassword

    /// Where the WAL begins that a standby needs next and `upstream` does not have any more; nil: it has all of it.
    ///
    /// - Parameter end: of the WAL the standby has.
    func missingWAL(after end: LSN, on upstream: Upstream, deadline: Duration) async throws -> LSN?

    /// What the checksums of the running server's pages have found; nil in a server without checksums.
    func damagedPages(deadline: Duration) async throws -> DamagedPages?

    // MARK: Settings

    /// Writes the server's files; the same input leaves them untouched.
    ///
    /// - Returns: what the running server needs; without one only whether files changed.
    @discardableResult
    func writeConfiguration(_ settings: PostgresSettings, role: ServerRole) async throws -> ConfigurationChange

    /// Makes the server read its configuration files.
    func reload() async throws

    /// What the running server says is wrong with its files as they are now, before any reload.
    func configurationFileErrors(deadline: Duration) async throws -> [ConfigurationFileError]

    /// Starts a server with these settings, on data of its own beside this member's. Of that it reads what the settings name.
    ///
    /// - Requires: one at a time. Whoever replaces the member's data cancels it, and does not go by what it says then.
    /// - Guarantees: nothing is written into the member's data, and no more beside it than the volume has room for.
    /// - Guarantees: nothing of it is left when this returns, also when it is cancelled.
    func prove(_ settings: PostgresSettings, deadline: Duration) async -> SettingsVerdict

    /// Ends and removes what the proof of an earlier agent has left.
    func clearProof() async

    /// The files of ``writeConfiguration(_:role:)`` as they are, by name.
    var configurationTexts: [String: String] { get async }

    /// Puts files back, before anything has read what took their place.
    func restore(_ configurationTexts: [String: String]) async throws

    /// Puts the files of this agent's last write back where they are not as it wrote them, and takes out of
    /// `postgresql.auto.conf` what `ALTER SYSTEM` must not decide. Nothing before the first write.
    func undoEdits() async throws -> UndoneEdits

    /// What the running (or last) postmaster was started with.
    var runningCommandLine: [String: String] { get async }

    /// The files as they are keep ordinary users out; an agent that was started again has to go on with that.
    var holdsOutUsers: Bool { get }

    // MARK: What is kept beside the data

    /// What a member promised in an election, as it was written; nil when nothing was.
    var promise: String? { get }

    /// Keeps a promise over a restart of the agent, the server and the machine; nil takes it back.
    ///
    /// - Guarantees: when this returns it is on disk.
    func keepPromise(_ text: String?) async throws

    /// The settings that were kept last; nil when none were.
    var keptSettings: String? { get }

    /// Keeps settings over a restart of the agent and its container.
    ///
    /// - Guarantees: when this returns they are on disk.
    func keepSettings(_ text: String) async throws

    // MARK: The data directory

    /// Takes the volume for this container alone.
    ///
    /// - Returns: whether it is ours; while another container works on it nothing on it may be read for good, or changed.
    func claimVolume() async -> Bool

    /// Looks at the data directory; changes nothing.
    func dataDirectoryState() async throws -> DataDirectoryState

    /// Reads `pg_control`; works on a running and on a stopped server.
    func controlData() async throws -> ControlData

    /// The version of the data directory; nil without one.
    var dataVersion: ServerVersion? { get }

    /// The data is a standby's whatever pg_control says: it is marked as one, or a copy nobody has started yet.
    var isMarkedStandby: Bool { get }

    /// A base backup before its first start; pg_control still says what it said on the server it was copied from.
    var isUnstartedCopy: Bool { get }

    /// The history of a timeline this server is or was on; nil without a history file, as timeline 1 has none.
    func history(of timeline: Timeline) async -> TimelineHistory?

    /// Makes a new cluster with `initdb`, empty but for the database of an application and what people's statements make.
    ///
    /// - Parameters:
    ///   - parameters: those of the cluster; the libraries they name are loaded where such statements run.
    ///   - deadline: for each program but those that run statements.
    /// - Throws: also `InvalidSettings`, when the programs are of a version without one of the options, and ``ScriptFailure``.
    func initialize(options: InitdbOptions, parameters: [String: String], deadline: Duration) async throws

    /// Recovers an uncleanly stopped primary in single-user mode.
    ///
    /// - Requires: no server runs.
    @discardableResult
    func crashRecovery(deadline: Duration) async throws -> RecoveryOutcome

    /// Renames the data directory. Nothing is deleted, also nothing older.
    ///
    /// - Returns: the new name.
    func moveDataDirectoryAside(reason: String) async throws -> String

    /// Whether a data directory lies there that was moved aside for this reason.
    func hasMovedAside(reason: String) -> Bool

    /// What a copy of `upstream` beside the data would need, and has; nil without data, or when that cannot be measured.
    func roomForCopy(from upstream: Upstream, deadline: Duration) async -> CopyRoom?

    /// Removes what an interrupted `initdb` or `pg_basebackup` of ours left: it never held anybody's data.
    func discardIncomplete() async throws

    // MARK: Another server

    /// Whether the local data can stream from `upstream` as it is.
    ///
    /// - Throws: ``InstanceError`` `.foreignCluster` when the other has another system identifier.
    func divergence(from upstream: Upstream, deadline: Duration) async throws -> Divergence

    /// What the local data has and `upstream`'s course has not, and how many transactions committed in it.
    ///
    /// - Requires: ``divergence(from:deadline:)`` could be told.
    /// - Parameter isBegunByAnother: the timeline this server was the primary of was begun by another member on the upstream's
    ///   course.
    func abandonedWAL(against upstream: Upstream, isBegunByAnother: Bool, deadline: Duration) async throws
        -> AbandonedWAL

    /// Takes the local data back to where its history parted from the upstream's, with pg_rewind.
    ///
    /// - Throws: ``InstanceError`` `.toolFailed`. If files were already changed, ``dataDirectoryState()`` is `.incomplete`.
    func rewind(from upstream: Upstream, deadline: Duration) async throws

    /// Copies the data of another server.
    ///
    /// - Throws: ``InstanceError``; what was made by then is removed again.
    func clone(from upstream: Upstream, deadline: Duration) async throws

    /// How much of the copy that is being made is here, in percent; nil while none is, or that is not known.
    var copiedPercent: Int? { get }

    /// Asks whether ``clone(from:deadline:)`` could begin, and makes the slot it would use.
    ///
    /// - Throws: when `upstream` does not answer, has no walsenders free, or is of another version.
    func requireCopyable(_ upstream: Upstream, deadline: Duration) async throws

    /// Asks whether `upstream` lets this server stream, and makes its slot there.
    func prepareToStream(from upstream: Upstream, deadline: Duration) async throws

    /// Why the running local primary cannot become a standby of `remote`; nil: it can, after a rewind at worst.
    func objectionToFollowing(_ remote: Upstream, deadline: Duration) async -> String?

    /// Whether pg_rewind can see where the timeline of `remote` begins.
    func hasCheckpoint(_ remote: Upstream, deadline: Duration) async throws -> Bool
}

/// What an agent gives each call that has nobody waiting for it.
extension LocalServer {
    @discardableResult
    public func stop(_ mode: StopMode) async throws -> StopReport { try await stop(mode, deadline: .seconds(60)) }

    public func killLeftovers() async throws { try await killLeftovers(deadline: .seconds(10)) }

    public func observe() async -> ServerObservation { await observe(deadline: .seconds(2)) }

    public func probeFreshSession() async -> FreshSession { await probeFreshSession(deadline: .seconds(2)) }

    public func areLoginsBehindLock() async -> Bool { await areLoginsBehindLock(deadline: .milliseconds(500)) }

    @discardableResult
    public func ensureSlots(_ wanted: Set<SlotName>, prefix: String, drops: Bool = true) async throws -> SlotChange {
        try await ensureSlots(wanted, prefix: prefix, drops: drops, deadline: .seconds(5))
    }

    public func createRoles() async throws { try await createRoles(deadline: .seconds(10)) }

    public func keepApplicationPassword(of application: ApplicationDatabase, again: Bool) async throws
        -> ApplicationPassword
    {
        try await keepApplicationPassword(of: application, again: again, deadline: .seconds(2))
    }

    public func missingWAL(after end: LSN, on upstream: Upstream) async throws -> LSN? {
        try await missingWAL(after: end, on: upstream, deadline: .seconds(3))
    }

    public func damagedPages() async throws -> DamagedPages? { try await damagedPages(deadline: .seconds(2)) }

    public func configurationFileErrors() async throws -> [ConfigurationFileError] {
        try await configurationFileErrors(deadline: .seconds(2))
    }

    public func prove(_ settings: PostgresSettings) async -> SettingsVerdict {
        await prove(settings, deadline: .seconds(30))
    }

    public func initialize(
        options: InitdbOptions = InitdbOptions(), parameters: [String: String] = [:]
    ) async throws {
        try await initialize(options: options, parameters: parameters, deadline: .seconds(120))
    }

    @discardableResult
    public func crashRecovery() async throws -> RecoveryOutcome { try await crashRecovery(deadline: .seconds(3600)) }

    public func divergence(from upstream: Upstream) async throws -> Divergence {
        try await divergence(from: upstream, deadline: .seconds(5))
    }

    public func abandonedWAL(against upstream: Upstream, isBegunByAnother: Bool = false) async throws -> AbandonedWAL {
        try await abandonedWAL(against: upstream, isBegunByAnother: isBegunByAnother, deadline: .seconds(5))
    }

    public func prepareToStream(from upstream: Upstream) async throws {
        try await prepareToStream(from: upstream, deadline: .seconds(2))
    }

    public func objectionToFollowing(_ remote: Upstream) async -> String? {
        await objectionToFollowing(remote, deadline: .seconds(2))
    }

    public func hasCheckpoint(_ remote: Upstream) async throws -> Bool {
        try await hasCheckpoint(remote, deadline: .seconds(5))
    }
}
