import PostgresConfiguration
import Units

/// How far this member is with the proof of the store's settings.
///
/// One proof at a time, beside the loop. One that has no verdict, for lack of room for example, is tried again after a pause;
/// when that has come to nothing a few times, what the running server says of its files has to do, as it would without a
/// proof.
struct ProofKeeping {
    /// The proof that runs.
    private var look: Task<Void, Never>?
    /// The one a start waits for.
    private var beforeStart: Task<Void, Never>?
    /// What was asked of last without a verdict, and how often in a row.
    private var undecided: (settings: PostgresSettings, count: Int)?
    private var nextTry = BootInstant(nanoseconds: 0)

    /// After a proof without a verdict.
    static let pause = Duration.seconds(10)
    /// How many of them are made.
    static let tries = 3
    /// How long one may take.
    static let limit = Duration.seconds(30)
    /// How long a start may wait for one, and for the end of the one before: with the former settings the server could be
    /// there.
    static let limitBeforeStart = Duration.seconds(15)
    /// How long the programs of one that is broken off may take to end.
    static let ending = Duration.seconds(3)
    /// Between the proofs of two members, which hear of new settings at the same time and may share a machine.
    private static let stagger = Duration.milliseconds(250)

    /// How long this member waits before a proof of its own; a start waits for none.
    static func pauseBefore(of member: String) -> Duration {
        stagger * (member.utf8.reduce(0) { $0 + Int($1) } % 6)
    }

    func isDue(_ settings: PostgresSettings, at now: BootInstant) -> Bool {
        look == nil && !isUndecided(settings, at: now)
    }

    /// Whether a proof of these came to no verdict a moment ago.
    func isUndecided(_ settings: PostgresSettings, at now: BootInstant) -> Bool {
        undecided?.settings == settings && now < nextTry
    }

    /// - Parameter look: owned by this from here on, until it says ``end()``.
    mutating func begin(_ look: Task<Void, Never>) { self.look = look }

    mutating func end() { look = nil }

    /// - Parameter proof: owned by this until ``endBeforeStart()``.
    mutating func beginBeforeStart(_ proof: Task<Void, Never>) { beforeStart = proof }

    mutating func endBeforeStart() { beforeStart = nil }

    /// Whatever runs is broken off. It says ``end()`` all the same, when nothing of it is left.
    func cancel() {
        look?.cancel()
        beforeStart?.cancel()
    }

    /// - Returns: whether it is tried again.
    mutating func noteUndecided(_ settings: PostgresSettings, at now: BootInstant) -> Bool {
        let count = (undecided?.settings == settings ? undecided?.count ?? 0 : 0) + 1
        undecided = (settings, count)
        nextTry = now + Self.pause
        return count < Self.tries
    }
}
