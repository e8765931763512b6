import ClusterRecords
import HighAvailability
import PostgresConfiguration

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
    /// What the store says and PostgreSQL refuses; not tried again until it changes.
    private(set) var refused: PostgresSettings?
    /// A server that only proves settings has started with these, and let agent and client in.
    private(set) var proven: PostgresSettings?
    /// A start with these has failed; once a server has come up with others they are refused.
    private(set) var doubted: PostgresSettings?
    /// How far the proof of the store's settings is.
    var proof = ProofKeeping()
    /// Why settings of the store are not used; nil while PostgreSQL has taken them all.
    private(set) var fault: SettingsFault?
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
    mutating func noteStart(with settings: PostgresSettings) -> Bool {
        let settings = settings.undecorated
        if let doubted, doubted != settings { refuse(doubted, because: .failedStart) }
        doubted = nil
        guard accepted != settings || started != settings else { return false }
        (accepted, started) = (settings, settings)
        return true
    }

    /// A server with these has ended before it let anybody in.
    ///
    /// - Returns: whether the next start is made with former ones; not when there are none.
    mutating func doubt(_ settings: PostgresSettings) -> Bool {
        let settings = settings.undecorated
        guard let former = settings == accepted ? started : accepted, settings != former else { return false }
        doubted = settings
        return true
    }

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
    func isProofDue(beforeStartWith settings: PostgresSettings) -> Bool {
        ![refused, doubted].contains(settings.undecorated) && !isProven(settings)
            && (accepted != nil || !settings.userNameMaps.isEmpty)
    }

    mutating func noteProven(_ settings: PostgresSettings) { proven = settings.undecorated }

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
    mutating func refuse(_ settings: PostgresSettings?, because found: SettingsFault) {
        fault = found
        if let settings { refused = settings.undecorated }
    }

    /// The server has read the store's settings without an objection.
    mutating func noteTaken() { (fault, refused) = (nil, nil) }

    /// The store says what the server has been given.
    mutating func noteUnchanged() { fault = nil }
}
