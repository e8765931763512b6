import HighAvailability
import PostgresConfiguration
import ServerControl
import Units

/// All this member knows of one postmaster, from its start to its end.
///
/// It ends by one assignment, when no postmaster is seen: ``end()``. Between two looks a server is also stopped, or told to
/// follow somebody else, by an action of this member; what is forgotten then has a method of its own.
struct ServerLife {
    /// Last full look at the running server.
    private(set) var seen: ServerStatus?
    /// When the server first failed to answer; nil while it answers.
    private(set) var silentSince: BootInstant?
    /// When the server was first seen to refuse everybody for a fault of its own; nil while somebody gets in.
    private(set) var failingSince: BootInstant?
    /// What keeps clients or this agent out although the server is there, as a sentence; nil: nothing.
    private(set) var refusal: String?
    private var nextFreshProbe = BootInstant(nanoseconds: 0)
    /// Somebody started the server by hand; so long it may take to let anybody in.
    private var startedByHandUntil = BootInstant(nanoseconds: 0)
    /// What the server was given last, by this agent.
    private(set) var applied: (settings: PostgresSettings, role: ServerRole)?
    var checksums = ChecksumKeeping()
    var missingWAL = MissingWALKeeping()
    /// The value the server runs with, and who of its processes has read it.
    var namesInForce: NamesInForce?
    private(set) var followed: FollowedLeader?
    /// The remote server this standby leader was told to follow.
    private(set) var followedRemote: FollowedRemote?
    /// Since when this running standby has received nothing; nil while it streams.
    private(set) var notStreamingSince: BootInstant?
    /// The slots in ``seen`` are those of after the last change of them.
    private(set) var hasSeenSlots = false
    /// This standby does not ask for its slot again before.
    private var nextSlotRequest = BootInstant(nanoseconds: 0)
    /// The three roles are known to exist in this server, with what was granted to them in ``database``.
    private(set) var hasRoles = false
    /// The database this agent works in; nil before the first look.
    private var database: String?

    /// What it was started with by this agent, until it is seen to let somebody in.
    private var start: PostgresSettings?

    var role: ServerRole? { applied?.role }

    // MARK: Beginning and end

    /// No postmaster is there. The pace of fresh connections, and the time a start by hand has, go by the clock and not by
    /// the server.
    mutating func end() {
        let former = self
        self = ServerLife()
        (nextFreshProbe, startedByHandUntil) = (former.nextFreshProbe, former.startedByHandUntil)
    }

    /// Somebody has started a server. What was known of the one before says nothing of this one.
    mutating func beginByHand(at now: BootInstant) {
        // Who is silent is the source, whichever server listens.
        let silence = notStreamingSince
        end()
        notStreamingSince = silence
        // As long as a start of this agent's own has.
        startedByHandUntil = now + .seconds(300)
    }

    /// The server was killed, or stopped to become a standby. What was seen of it stays what this member publishes until it has
    /// looked again.
    mutating func noteStop() {
        followNobody()
        hasRoles = false
    }

    /// The server answers as a primary that has just begun.
    mutating func noteOffice(_ status: ServerStatus) {
        see(status)
        followNobody()
    }

    // MARK: Health

    mutating func see(_ status: ServerStatus) { (seen, hasSeenSlots) = (status, true) }

    /// The slots were changed, or may have been: what was seen of them before is not true any more.
    mutating func noteSlotChange() { hasSeenSlots = false }

    mutating func noteAnswer() { (silentSince, failingSince) = (nil, nil) }

    /// - Returns: whether that is news.
    mutating func noteRefusal(_ sentence: String?) -> Bool {
        guard refusal != sentence else { return false }
        refusal = sentence
        return true
    }

    /// No fresh connection is tried before then, unless the server falls silent.
    mutating func pauseProbes(until instant: BootInstant) { nextFreshProbe = max(nextFreshProbe, instant) }

    mutating func noteFault(at now: BootInstant) {
        silentSince = nil
        failingSince = failingSince ?? now
    }

    /// - Returns: whether that is news.
    mutating func noteSilence(at now: BootInstant) -> Bool {
        guard silentSince == nil else { return false }
        silentSince = now
        return true
    }

    func isComingUpByHand(at now: BootInstant) -> Bool { now < startedByHandUntil }

    /// - Returns: whether a fresh connection is to be tried: now and then, and always while the server is silent or refuses
    ///   everybody.
    mutating func beginFreshProbe(at now: BootInstant, every pause: Duration) -> Bool {
        guard silentSince != nil || failingSince != nil || now >= nextFreshProbe else { return false }
        nextFreshProbe = now + pause
        return true
    }

    // MARK: What it was told

    mutating func apply(_ settings: PostgresSettings, _ role: ServerRole) { applied = (settings, role) }

    /// A postmaster was started with these; whether it comes up is to be seen.
    mutating func begin(_ settings: PostgresSettings, _ role: ServerRole) {
        apply(settings, role)
        start = settings
    }

    /// - Returns: what it was started with, once; nil when that was noted, or the start was not this agent's.
    mutating func takeStart() -> PostgresSettings? {
        defer { start = nil }
        return start
    }

    mutating func noteRoles(exist: Bool) { hasRoles = exist }

    /// - Parameter name: what the roles may call is granted in each database by itself.
    mutating func noteDatabase(_ name: String) {
        if let database, database != name { hasRoles = false }
        database = name
    }

    /// - Returns: whether it is to ask where it streams from for its slot: now and then.
    mutating func beginAskingForSlot(at now: BootInstant) -> Bool {
        guard now >= nextSlotRequest else { return false }
        nextSlotRequest = now + Grace.courseCheck
        return true
    }

    /// It was pointed at its source, or started behind it.
    mutating func follow(_ leader: FollowedLeader) {
        (followed, followedRemote) = (leader, nil)
        notStreamingSince = nil
    }

    mutating func follow(_ remote: FollowedRemote) {
        (followed, followedRemote) = (nil, remote)
    }

    mutating func followNobody() { (followed, followedRemote) = (nil, nil) }

    /// A promise forbids to receive from the leader it followed.
    mutating func noteSeal() { followed = nil }

    /// The settings name no remote server any more, or its slot was let go for the heir.
    mutating func leaveRemote() { followedRemote = nil }

    // MARK: Streaming

    mutating func noteStreaming(_ server: ServerState, at now: BootInstant) {
        guard case .standby(let running) = server, !running.isStreaming else {
            notStreamingSince = nil
            return
        }
        notStreamingSince = notStreamingSince ?? now
    }

    /// It is about to be pointed at a source anew, and has as long as before to receive.
    mutating func awaitStream() { notStreamingSince = nil }
}
