import HighAvailability
import Units

/// What the leader of a standby cluster knows of the remote server: what keeps it from following, and whether a primary here
/// could.
///
/// Which one a running server follows is part of that one's life; see ``ServerLife``.
struct RemoteServer {
    /// What keeps this member from following it; nil when nothing does.
    var problem: String?
    /// Why this running primary cannot become a standby of it; nil: it can, or nobody has asked.
    private(set) var objection: String?
    /// What was asked of last, and when it is asked again.
    private var asked: StandbyCluster?
    private var nextLook = BootInstant(nanoseconds: 0)
    /// The question, while it has no answer; it has a deadline of its own.
    private var question: Task<Void, Never>?

    private static let pause = Duration.seconds(5)

    /// Whether a question is due: another server, or one whose answer is old.
    func isToBeAsked(_ section: StandbyCluster, at now: BootInstant) -> Bool {
        asked != section || (question == nil && nextLook <= now)
    }

    /// Begins with another server from nothing.
    mutating func choose(_ section: StandbyCluster) {
        if asked != section { forgetQuestion() }
        asked = section
    }

    /// There is nobody to ask.
    mutating func noteNobody(at now: BootInstant) {
        objection = "standby_cluster names no server to follow"
        nextLook = now + Self.pause
    }

    /// - Parameter task: owned by this from here on.
    mutating func ask(_ name: String, by task: Task<Void, Never>) {
        // What it said some seconds ago allows nothing now.
        objection = objection ?? "\(name) is being asked"
        question = task
    }

    mutating func noteAnswer(_ answer: String?, at now: BootInstant) {
        objection = answer
        nextLook = now + Self.pause
        question = nil
    }

    /// Nobody wants to know any more.
    mutating func forgetQuestion() {
        question?.cancel()
        (question, objection, asked) = (nil, nil, nil)
    }
}
