public import Units

/// What is known of the `synchronous_standby_names` a server runs with: who has read them.
///
/// PostgreSQL tells a new value to its processes one by one. A session shows it at once. The walsenders, which release commits,
/// read it a moment later. But whether a commit waits at all is a flag that the *checkpointer* sets, when the value stops being
/// empty, and takes back when it is empty again; and a checkpointer that writes a checkpoint may read its configuration only
/// when that has ended (`SyncRepUpdateSyncStandbysDefined`; seen with PostgreSQL 15, 17 and 18). Until then every commit returns
/// at once, whatever the sessions show.
///
/// The proof is a checkpoint that was asked for after the value was shown, and has ended, and another one after it: the
/// checkpointer reads its configuration before it begins one, and between the two at the latest. Between one value and another that
/// are both not empty the flag stays as it is.
public struct NamesInForce: Hashable, Sendable {
    private enum Flag: Hashable {
        /// Commits may return at once.
        case unproven
        /// Two checkpoints are being made.
        case asked(Int)
        /// They wait for whom the walsenders name.
        case set
    }

    /// Of the running server; another one has read its configuration as it started, or not at all.
    private let server: String
    private var text: String
    /// When this value was first shown.
    private var since: BootInstant
    /// When the value stopped being empty; nil while it is.
    private var notEmptySince: BootInstant?
    private var flag = Flag.unproven
    private var questions = 0
    /// End of the WAL when everybody had read the value; nil before that is known.
    public private(set) var position: LSN?

    /// A signal arrives within a millisecond; Patroni waits as long as this.
    private static let signalDelay = Duration.milliseconds(100)

    /// - Parameters:
    ///   - server: what tells one life of a server from another.
    ///   - text: what a session shows.
    public init(server: String, text: String, at now: BootInstant) {
        self.server = server
        self.text = text
        since = now
        notEmptySince = text.isEmpty ? nil : now
    }

    /// Takes in what a session shows now.
    ///
    /// - Parameter flushed: end of the WAL on disk; nil on a standby.
    /// - Returns: number of the question to answer by ``proven(_:)`` or ``failed(_:at:)``: whether the checkpointer has read
    ///   the value. nil: nothing is to be asked.
    public mutating func look(server: String, text: String, flushed: LSN?, at now: BootInstant) -> Int? {
        guard server == self.server else {
            self = NamesInForce(server: server, text: text, at: now)
            return nil
        }
        if text != self.text {
            self.text = text
            (since, position) = (now, nil)
            if text.isEmpty {
                (flag, notEmptySince) = (.unproven, nil)
            } else if notEmptySince == nil {
                (flag, notEmptySince) = (.unproven, now)
            }
            return nil
        }
        if position == nil, now - since > Self.signalDelay, text.isEmpty || flag == .set { position = flushed }
        guard let notEmptySince, flag == .unproven, now - notEmptySince > Self.signalDelay else { return nil }
        questions += 1
        flag = .asked(questions)
        return questions
    }

    /// The checkpoints asked for have ended.
    public mutating func proven(_ question: Int) {
        if flag == .asked(question) { flag = .set }
    }

    /// They have not, or it is not known.
    public mutating func failed(_ question: Int, at now: BootInstant) {
        guard flag == .asked(question) else { return }
        flag = .unproven
        notEmptySince = now
    }

    /// The value was shown, and two checkpoints have been made since, outside of what ``look(server:text:flushed:at:)`` asks for.
    public mutating func provenNow(text: String, at now: BootInstant) {
        guard !text.isEmpty else { return }
        if notEmptySince == nil { notEmptySince = now }
        if text != self.text { (self.text, since) = (text, now) }
        (flag, position) = (.set, nil)
    }

    /// Commits wait for whom the names say, also for another value that is not empty.
    ///
    /// - Parameter server: the running one.
    public func areWaitedFor(on server: String) -> Bool { server == self.server && flag == .set }

    /// What counts from now on is asked anew; what the checkpointer knows stays known.
    public mutating func forgetPosition(at now: BootInstant) {
        (since, position) = (now, nil)
    }
}

/// What a standby runs with, so that its checkpointer knows before the standby is promoted that commits wait.
///
/// Whom they wait for is decided when it takes over, and read by its walsenders then.
///
/// - Returns: ``SynchronousStandbyNames/none`` where commits would wait for nobody then, so that none hangs until the checkpointer
///   has read that.
public func preparedStandbyNames(
    for me: String, record: SynchronousState?, policy: SynchronousPolicy
) -> SynchronousStandbyNames {
    guard let record, record.isActive, let takeover = takeOverSynchronous(record, by: me, policy: policy),
        takeover.names.count > 0
    else { return .none }
    return .blocking
}

extension SynchronousTakeover {
    /// The same without anybody to wait for, and without anybody but the new leader to be elected: for a server whose
    /// checkpointer may not know that commits are to wait. nil where they have to.
    public func withoutWaiting(_ policy: SynchronousPolicy) -> SynchronousTakeover? {
        guard !policy.isStrict else { return nil }
        return SynchronousTakeover(
            record: SynchronousState(version: record.version, leader: record.leader), names: .none)
    }
}
