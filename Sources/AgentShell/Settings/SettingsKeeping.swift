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
    /// What the store says and PostgreSQL refuses; not tried again until it changes.
    private(set) var refused: PostgresSettings?
    /// A start with these has failed; nil again once a server has come up.
    private(set) var doubted: PostgresSettings?
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

    /// - Parameter settings: what an earlier life of the agent has kept.
    mutating func recall(_ settings: PostgresSettings) { accepted = settings }

    /// A server runs with these, or has read them without an objection.
    ///
    /// - Returns: what the next life of the agent needs to know; nil when that is what it knows already.
    mutating func accept(_ settings: PostgresSettings) -> PostgresSettings? {
        doubted = nil
        guard settings.undecorated != accepted else { return nil }
        accepted = settings.undecorated
        return accepted
    }

    /// A server with these has ended before it let anybody in.
    ///
    /// - Returns: whether the next start is made with the former ones; not when these are those, or there are none.
    mutating func doubt(_ settings: PostgresSettings) -> Bool {
        guard let accepted, settings.undecorated != accepted else { return false }
        doubted = settings.undecorated
        return true
    }

    /// Whether a server may be given these.
    func mayBeTried(_ settings: PostgresSettings) -> Bool {
        ![refused, doubted].contains(settings.undecorated)
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
    mutating func refuse(_ settings: PostgresSettings?, because found: SettingsFault) {
        fault = found
        if let settings { refused = settings.undecorated }
    }

    /// The server has read the store's settings without an objection.
    mutating func noteTaken() { (fault, refused) = (nil, nil) }

    /// The store says what the server has been given.
    mutating func noteUnchanged() { fault = nil }
}
