import ClusterRecords
import HighAvailability
import PostgresConfiguration
import ServerControl
import Units

/// What this member makes of the settings in the store: which of them a server here has taken, which it refuses, and what
/// there is to say of that.
///
/// It outlives every server. What a running one was given is part of that one's life; see ``ServerLife``.
struct SettingsKeeping {
    /// What a server of this member has taken last; nil when none ever did. Without what the agent decides, like the two that
    /// follow.
    private(set) var accepted: PostgresSettings?
    /// What a server of this member was started with last, and has let somebody in with. What it has read since is not known
    /// to start one.
    private(set) var started: PostgresSettings?
    /// What the store says and PostgreSQL refuses, with the reason, and when it is asked again: what was wrong may have been
    /// outside the settings. Until then, and until a server has started with them, they are not tried.
    private var refusal: (settings: PostgresSettings, fault: SettingsFault, nextTry: BootInstant)?
    /// A server that only proves settings has started with these, and let agent and client in.
    private(set) var proven: PostgresSettings?
    /// A start with these has failed; once a server has come up with others they are refused.
    private(set) var doubted: PostgresSettings?
    /// A start with the former settings was begun where the store said others, and nobody was let in since.
    private(set) var isStartingFormer = false
    /// How far the proof of the store's settings is.
    var proof = ProofKeeping()
    /// Settings of the store of which no proof has come to a verdict, used or not, and when one is tried again.
    private var unproven: (settings: PostgresSettings, fault: SettingsFault, nextTry: BootInstant)?
    /// What a proof of settings that are in force was refused for.
    private var control: (settings: PostgresSettings, errors: [ConfigurationFileError])?
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
    var kept: KeptSettings? {
        accepted.map { KeptSettings(accepted: $0, started: started, isStarting: isStartingFormer) }
    }

    /// - Parameter kept: what an earlier life of the agent has kept.
    mutating func recall(_ kept: KeptSettings) {
        (accepted, started, isStartingFormer) = (kept.accepted, kept.started, kept.isStarting)
    }

    /// A running server has read these without an objection.
    ///
    /// - Returns: whether the next life of the agent has to know.
    mutating func accept(_ settings: PostgresSettings) -> Bool {
        guard settings.undecorated != accepted else { return false }
        accepted = settings.undecorated
        return true
    }

    /// A server was started with these and lets somebody in. Others with which one has ended before are to blame for that.
    ///
    /// - Returns: whether the next life of the agent has to know.
    mutating func noteStart(with settings: PostgresSettings, at now: BootInstant) -> Bool {
        let settings = settings.undecorated
        if let doubted, doubted != settings { refuse(doubted, because: .failedStart, at: now) }
        doubted = nil
        if unproven?.settings == settings { unproven = nil }
        guard accepted != settings || started != settings || isStartingFormer else { return false }
        (accepted, started, isStartingFormer) = (settings, settings, false)
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

    /// What a server is given in the place of settings that are refused or not proven: what one here has taken last; when
    /// that is refused by now, or a start with it has failed, what one has started with.
    var former: PostgresSettings? { [doubted, refused].contains(accepted) ? started ?? accepted : accepted }

    /// What a server is given where there are no former ones: a new copy, for example. Of what is refused the user's lines of
    /// access stay, as long as it is not them: the usual ones may let in whom the user keeps out.
    ///
    /// - Parameters:
    ///   - wanted: what the store says.
    ///   - usual: without anything of the user's.
    func substitute(for wanted: PostgresSettings, usual: PostgresSettings) -> PostgresSettings {
        guard let refusal, refusal.settings == wanted.undecorated else { return usual }
        var settings = usual
        settings.capacity = wanted.capacity
        if !refusal.fault.isOfRules { settings.hostBasedAuthentication = wanted.hostBasedAuthentication }
        if !refusal.fault.isOfMaps { settings.userNameMaps = wanted.userNameMaps }
        return settings
    }

    /// Whether a server may be given these. Where there are former ones, only what is proven.
    func mayBeTried(_ settings: PostgresSettings) -> Bool {
        ![refused, doubted].contains(settings.undecorated) && (accepted == nil || isProven(settings))
    }

    /// Whether a server has shown that it starts with these: one of this member's, or one that was started to prove it.
    func isProven(_ settings: PostgresSettings) -> Bool { [accepted, proven].contains(settings.undecorated) }

    /// Whether these are proven before this member's server, which is down, is started with them.
    ///
    /// Where nothing was accepted before, the first start of a new cluster is itself the proof: there is nothing else to
    /// start with. Only of the maps a start says nothing, and with one that PostgreSQL cannot read the agent does not get in.
    /// A copy starts with less when the settings are refused, and says so.
    func isProofDue(
        beforeStartWith settings: PostgresSettings, asStandby: Bool, at now: BootInstant
    ) -> Bool {
        ![refused, doubted].contains(settings.undecorated) && !isProven(settings)
            && (accepted != nil || asStandby || !settings.userNameMaps.isEmpty)
            // What came to no verdict a moment ago comes to none now: the server is started with former ones meanwhile.
            && !proof.isUndecided(settings.undecorated, at: now)
    }

    /// Whether a primary is started with the former settings at once, and those of the store are proven while it serves: when
    /// there are some, and the last start with them has let somebody in. Where it has not, the store's may be what mends
    /// that.
    ///
    /// - Returns: true: the next life of the agent has to know.
    mutating func beginFormerStart() -> Bool {
        guard former != nil, !isStartingFormer else { return false }
        isStartingFormer = true
        return true
    }

    /// A server has started with these: what it once refused in them it takes now.
    mutating func noteProven(_ settings: PostgresSettings) {
        proven = settings.undecorated
        if refused == settings.undecorated { refusal = nil }
        if unproven?.settings == settings.undecorated { unproven = nil }
    }

    // MARK: Without a verdict

    /// Why settings of the store are not proven, as far as that was tried.
    var unprovenFault: SettingsFault? { unproven?.fault }

    /// A proof of these has come to no verdict.
    ///
    /// - Returns: whether it is tried again before they are used; otherwise the running server has to do, and says what it can.
    mutating func noteUndecided(_ settings: PostgresSettings, because reason: String, at now: BootInstant) -> Bool {
        let settings = settings.undecorated
        unproven = (settings, SettingsFault(unproven: reason), now + Self.pauseAfterRefusal)
        let isTriedAgain = proof.noteUndecided(settings, at: now)
        if !isTriedAgain { proven = settings }
        return isTriedAgain
    }

    /// The store says these.
    mutating func noteWanted(_ settings: PostgresSettings) {
        if unproven?.settings != settings.undecorated { unproven = nil }
    }

    /// Whether it is time to prove what is used without a proof.
    func isProofOwed(at now: BootInstant) -> Bool { unproven.map { now >= $0.nextTry } ?? false }

    /// Whether these are used, and were never proven.
    func isUsedUnproven(_ settings: PostgresSettings) -> Bool { unproven?.settings == settings.undecorated }

    // MARK: What no proof can show

    /// What in force is to be proven, too, before a refusal of these counts; nil: nothing, or that was done.
    func controlDue(for settings: PostgresSettings) -> PostgresSettings? {
        let inForce = inForce(beside: settings)
        return control?.settings == inForce ? nil : inForce
    }

    /// A proof of settings in force has shown this.
    mutating func noteControl(_ settings: PostgresSettings, _ verdict: SettingsVerdict) {
        switch verdict {
        case .refused(let errors): control = (settings, errors)
        case .proven, .provenWithoutAutomaticConfiguration: control = (settings, [])
        case .undecided: break
        }
    }

    /// The verdict on settings, in the light of what a proof of those in force has shown: where a server on empty data
    /// refuses these in the same words, as it may for a library that asks for what only the member's data has, nothing is
    /// shown of the others.
    func judged(_ verdict: SettingsVerdict, on settings: PostgresSettings) -> SettingsVerdict {
        guard case .refused(let errors) = verdict, let control, control.settings == inForce(beside: settings),
            errors.allSatisfy(control.errors.contains)
        else { return verdict }
        return .undecided(
            "a server on empty data refuses the settings in force, too: "
                + errors.map(\.description).joined(separator: "; "))
    }

    private func inForce(beside settings: PostgresSettings) -> PostgresSettings? {
        [accepted, started].compactMap(\.self).first { $0 != settings.undecorated }
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
        if unproven?.settings == settings { unproven = nil }
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

    /// Another look at what is in force came to nothing.
    mutating func postponeLooks(at now: BootInstant) {
        automatic?.nextTry = now + Self.pauseAfterRefusal
        unproven?.nextTry = now + Self.pauseAfterRefusal
    }

    /// The server has read the store's settings without an objection.
    mutating func noteTaken() { (fault, refusal) = (nil, nil) }

    /// The store says what the server has been given. What it said before and was refused is asked of anew when it says so
    /// again.
    mutating func noteUnchanged(_ settings: PostgresSettings) {
        // They came into force without a proof, and a later one has refused them.
        guard refused != settings.undecorated else { return }
        (fault, refusal) = (nil, nil)
    }
}
