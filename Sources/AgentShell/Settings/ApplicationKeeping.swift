import ServerControl
import Units

/// How far this member, as the leader, is with the password of the application's role.
struct ApplicationKeeping {
    /// Why the role has not the password of its Secret; of this member's last office.
    private(set) var fault: SettingsFault?
    /// What came of the last try; nil: it failed, or there was none.
    private var outcome: ApplicationPassword?
    private var nextTry = BootInstant(nanoseconds: 0)
    /// One look at the Secret and, if need be, at the role.
    private var look: Task<Void, Never>?

    /// After a try in vain. The role may be locked by whoever has its password, and each try then is a session that waits.
    static let pause = Duration.seconds(30)

    var isLooking: Bool { look != nil }

    /// Whether what was tried in vain is tried again, though nothing has changed.
    func isDue(at now: BootInstant) -> Bool { now >= nextTry }

    /// - Parameter look: owned by this from here on, until it says ``end()``.
    mutating func begin(_ look: Task<Void, Never>) { self.look = look }

    mutating func end() { look = nil }

    mutating func cancel() { look?.cancel() }

    /// - Returns: whether this is news.
    mutating func note(_ found: ApplicationPassword, at now: BootInstant) -> Bool {
        switch found {
        case .unchanged: return false
        case .set, .noRole, .otherRole:
            fault = nil
            nextTry = now + Self.pause
            defer { outcome = found }
            return found == .set || found != outcome
        }
    }

    /// - Parameter found: what is wrong with the Secret; nil when the server did not do what it was asked.
    /// - Returns: whether the fault is another one.
    mutating func noteFailure(_ found: SettingsFault?, at now: BootInstant) -> Bool {
        nextTry = now + Self.pause
        outcome = nil
        guard let found, found != fault else { return false }
        fault = found
        return true
    }
}
