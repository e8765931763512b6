import PostgresConfiguration
import Units

/// How far this member is with the proof of the store's settings.
///
/// One proof at a time, beside the loop. One that has no verdict, for lack of room for example, is tried again after a pause; when
/// that has come to nothing a few times, what the running server says of its files has to do, as it would without a proof.
struct ProofKeeping {
    /// The proof that runs.
    private var look: Task<Void, Never>?
    /// What was asked of last without a verdict, and how often in a row.
    private var undecided: (settings: PostgresSettings, count: Int)?
    private var nextTry = BootInstant(nanoseconds: 0)

    /// After a proof without a verdict.
    static let pause = Duration.seconds(10)
    /// How many of them are made.
    static let tries = 3
    /// How long one may take.
    static let limit = Duration.seconds(30)
    /// How long one may take that a start waits for: with the former settings the server could be there.
    static let limitBeforeStart = Duration.seconds(15)

    func isDue(_ settings: PostgresSettings, at now: BootInstant) -> Bool {
        look == nil && (undecided?.settings != settings || now >= nextTry)
    }

    /// - Parameter look: owned by this from here on, until it says ``end()``.
    mutating func begin(_ look: Task<Void, Never>) { self.look = look }

    mutating func end() { look = nil }

    mutating func cancel() { look?.cancel() }

    /// - Returns: whether it is tried again.
    mutating func noteUndecided(_ settings: PostgresSettings, at now: BootInstant) -> Bool {
        let count = (undecided?.settings == settings ? undecided?.count ?? 0 : 0) + 1
        undecided = (settings, count)
        nextTry = now + Self.pause
        return count < Self.tries
    }
}
