import ClusterRecords
import HighAvailability
import PostgresConfiguration
import Units

/// What this member makes of the settings in the store: which of them a server here has taken, which it refuses, and what
/// there is to say of that.
///
/// It outlives every server. What a running one was given is part of that one's life; see ``ServerLife``.
struct SettingsKeeping {
    /// What a server of this member has taken last; nil when none ever did. Without what the agent decides, like the two that
    /// follow.
    private(set) var accepted: PostgresSettings?
    /// What a server of this member is known to start with: what it was started with last, and what it has read since and needs no
    /// start. Of what is accepted some may wait for the next one.
    private(set) var started: PostgresSettings?
    /// What the store says and PostgreSQL refuses, with the reason, and when it is asked again: what was wrong may have been outside
    /// the settings. Until then, and until a server has started with them, they are not tried.
    private var refusal: (settings: PostgresSettings, fault: SettingsFault, nextTry: BootInstant)?
    /// A server that only proves settings has started with these, and let agent and client in.
    private(set) var proven: PostgresSettings?
    /// A start with these has failed; once a server has come up with others they are refused.
    private(set) var doubted: PostgresSettings?
    /// How far the proof of the store's settings is.
    var proof = ProofKeeping()
    /// Why settings of the store are not used; nil while PostgreSQL has taken them all.
    private(set) var fault: SettingsFault?
    /// What `ALTER SYSTEM` has set here that no server starts with, or that one does not read; and when that is asked of again.
    private var automatic: (fault: SettingsFault, nextTry: BootInstant)?
    /// After a refusal.
    static let pauseAfterRefusal = Duration.seconds(300)
    /// What keeps this member from having data, and only a person can mend; nil when nothing does.
    var beginningFault: SettingsFault?
    /// How far the application's role is with the password of its Secret.
    var application = ApplicationKeeping()
    /// What in the store cannot be read and is not used.
    var storeProblems: [Problem] = []
    /// What this leader's server has too little of for the members there are to be; nil: nothing.
    var shortage: String?
    /// What the store said when it was checked last.
    private var checked: (configuration: DynamicConfiguration, version: ServerVersion?, settings: PostgresSettings)?

    /// What the store says of the servers, checked; once, as long as it says the same.
    ///
    /// - Throws: `InvalidSettings` with every problem found.
    mutating func check(
        _ configuration: DynamicConfiguration, clusterName: String, version: ServerVersion?
    ) throws(InvalidSettings) -> PostgresSettings {
        if let checked, checked.version == version, checked.configuration == configuration { return checked.settings }
        let settings = try PostgresSettings(configuration, clusterName: clusterName, version: version)
        checked = (configuration, version, settings)
        return settings
    }

    /// What the next life of the agent needs to know.
    var kept: KeptSettings? { accepted.map { KeptSettings(accepted: $0, started: started) } }

    /// - Parameter kept: what an earlier life of the agent has kept.
    mutating func recall(_ kept: KeptSettings) { (accepted, started) = (kept.accepted, kept.started) }

    /// A running server has read these without an objection.
    ///
    /// - Returns: whether the next life of the agent has to know.
    mutating func accept(_ settings: PostgresSettings, version: ServerVersion?) -> Bool {
        guard settings.undecorated != accepted else { return false }
        accepted = settings.undecorated
        started = started.map { settings.undecorated.inForce(sinceStartWith: $0, version: version) }
        return true
    }

    /// A server was started with these and lets somebody in. Others with which one has ended before are to blame for that.
    ///
    /// - Returns: whether the next life of the agent has to know.
    mutating func noteStart(with settings: PostgresSettings, at now: BootInstant) -> Bool {
        let settings = settings.undecorated
        if let doubted, doubted != settings { refuse(doubted, because: .failedStart, at: now) }
        doubted = nil
        guard accepted != settings || started != settings else { return false }
        (accepted, started) = (settings, settings)
        return true
    }

    /// A server with these has ended by itself before it let anybody in.
    ///
    /// - Returns: whether the next start is made with former ones; not when there are none.
    mutating func doubt(_ settings: PostgresSettings) -> Bool {
        let settings = settings.undecorated
        guard let former = settings == accepted ? started : accepted, settings != former else { return false }
        doubted = settings
        return true
    }

    /// A server that nobody here has started lets somebody in: no start with others is going to show who is to blame.
    mutating func forgetDoubt() { doubted = nil }

    /// What a server is given in the place of settings that are refused or not proven: what one here has taken last; when a start
    /// with that has failed, what one has started with.
    var former: PostgresSettings? { accepted == doubted ? started ?? accepted : accepted }

    /// Whether a server may be given these. Where there are former ones, only what is proven.
    func mayBeTried(_ settings: PostgresSettings) -> Bool {
        ![refused, doubted].contains(settings.undecorated) && (accepted == nil || isProven(settings))
    }

    /// Whether a server has shown that it starts with these: one of this member's, or one that was started to prove it.
    func isProven(_ settings: PostgresSettings) -> Bool { [accepted, proven].contains(settings.undecorated) }

    /// Whether these are proven before this member's server, which is down, is started with them.
    ///
    /// Where nothing was accepted before, the start itself is the proof: there is nothing else to start with. Only of the maps a
    /// start says nothing, and with one that PostgreSQL cannot read the agent does not get in.
    func isProofDue(beforeStartWith settings: PostgresSettings, at now: BootInstant) -> Bool {
        ![refused, doubted].contains(settings.undecorated) && !isProven(settings)
            && (accepted != nil || !settings.userNameMaps.isEmpty)
            // What came to no verdict a moment ago comes to none now: the server is started with former ones meanwhile.
            && !proof.isUndecided(settings.undecorated, at: now)
    }

    /// A server has started with these: what it once refused in them it takes now.
    mutating func noteProven(_ settings: PostgresSettings) {
        proven = settings.undecorated
        if refused == settings.undecorated { refusal = nil }
    }

    /// What the store says and PostgreSQL refuses.
    var refused: PostgresSettings? { refusal?.settings }

    /// Whether these are refused, and not asked of again yet. Their fault is the one that is told then.
    mutating func isRefused(_ settings: PostgresSettings, at now: BootInstant) -> Bool {
        guard let refusal, refusal.settings == settings.undecorated else { return false }
        fault = refusal.fault
        return now < refusal.nextTry
    }

    /// What was asked again came to no verdict: what was said before holds.
    ///
    /// - Returns: false when these were not refused.
    mutating func postponeRefused(_ settings: PostgresSettings, at now: BootInstant) -> Bool {
        guard refused == settings.undecorated else { return false }
        refusal?.nextTry = now + Self.pauseAfterRefusal
        return true
    }

    /// Nothing but another text in the store mends these; the member says so until that is there.
    ///
    /// - Returns: what is wrong; nil when that is known.
    mutating func noteInvalid(_ error: InvalidSettings) -> SettingsFault? {
        let found = SettingsFault(error)
        defer { fault = found }
        return fault == found ? nil : found
    }

    /// The server has read its files and does not like them.
    ///
    /// - Parameter settings: the store's; nil when it was given the former ones.
    /// - Returns: whether that is news.
    @discardableResult
    mutating func refuse(_ settings: PostgresSettings?, because found: SettingsFault, at now: BootInstant) -> Bool {
        defer { fault = found }
        guard let settings = settings?.undecorated else { return fault != found }
        let isNews = refusal.map { ($0.settings, $0.fault) != (settings, found) } ?? true
        refusal = (settings, found, now + Self.pauseAfterRefusal)
        // A start has shown it once, and does not count any more.
        if proven == settings { proven = nil }
        return isNews
    }

    /// What is wrong with what `ALTER SYSTEM` has set here; the cluster's settings are used all the same.
    var automaticFault: SettingsFault? { automatic?.fault }

    /// - Parameter found: nil: a server has started with it.
    /// - Returns: whether it is wrong, and that is news.
    mutating func noteAutomaticConfiguration(_ found: SettingsFault?, at now: BootInstant) -> Bool {
        defer { automatic = found.map { ($0, now + Self.pauseAfterRefusal) } }
        return found != nil && found != automatic?.fault
    }

    /// Whether it is time to see if somebody has mended it.
    func isAutomaticConfigurationDue(at now: BootInstant) -> Bool { automatic.map { now >= $0.nextTry } ?? false }

    /// - Returns: false when there was nothing wrong with it.
    mutating func postponeAutomaticConfiguration(at now: BootInstant) -> Bool {
        guard automatic != nil else { return false }
        automatic?.nextTry = now + Self.pauseAfterRefusal
        return true
    }

    /// The server has read the store's settings without an objection.
    mutating func noteTaken() { (fault, refusal) = (nil, nil) }

    /// The store says what the server has been given. What it said before and was refused is asked of anew when it says so again.
    mutating func noteUnchanged() { (fault, refusal) = (nil, nil) }
}
