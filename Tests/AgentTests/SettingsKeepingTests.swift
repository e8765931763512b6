import ClusterRecords
import KubernetesModels
import PostgresConfiguration
import ServerControl
import Testing
import Units

@testable import Agent
@testable import AgentShell

@Suite struct SettingsKeepingTests {
    private var keeping = SettingsKeeping()
    private let old: PostgresSettings
    private let new: PostgresSettings
    private let now = BootInstant(nanoseconds: 3_600_000_000_000)

    init() throws {
        old = try PostgresSettings(clusterName: "demo", parameters: ["work_mem": "4MB"])
        new = try PostgresSettings(clusterName: "demo", parameters: ["work_mem": "64MB"])
    }

    private func decorated(_ settings: PostgresSettings) -> PostgresSettings {
        var settings = settings
        settings.synchronousStandbyNames = "ANY 1 (a)"
        settings.holdsOutUsers = true
        return settings
    }

    @Test mutating func `what a server takes is kept once, without what the agent decides`() {
        #expect(keeping.noteStart(with: decorated(old), at: now) == true)
        #expect(keeping.noteStart(with: old, at: now) == false)
        #expect(keeping.kept == KeptSettings(accepted: old, started: old))
        #expect(keeping.accept(decorated(new)) == true)
        #expect(keeping.accept(new) == false)
        #expect(keeping.kept == KeptSettings(accepted: new, started: old), "with those no server has started yet")
    }

    @Test func `what is kept is read as it was written, also by an earlier version and from one`() throws {
        var grown = new
        grown.capacity = 16
        let kept = KeptSettings(accepted: grown, started: old)
        #expect(try KeptSettings(onDisk: kept.onDisk, clusterName: "demo") == kept)
        let starting = KeptSettings(accepted: grown, started: old, isStarting: true)
        #expect(try KeptSettings(onDisk: starting.onDisk, clusterName: "demo") == starting)
        let former = KeptSettings(accepted: grown, started: nil)
        #expect(try KeptSettings(onDisk: former.onDisk, clusterName: "demo") == former)
        #expect(try JSONValue(parsing: kept.onDisk)["parameters"] == ["work_mem": "64MB"])
    }

    @Test mutating func `where there are former settings only what is proven is tried, and that before a start`() {
        #expect(keeping.mayBeTried(new), "there are no others")
        #expect(!keeping.isProofDue(beforeStartWith: new, asStandby: false, at: now), "the start is the proof")
        #expect(keeping.isProofDue(beforeStartWith: new, asStandby: true, at: now), "a copy can start with less")
        _ = keeping.noteStart(with: old, at: now)
        #expect(!keeping.mayBeTried(new))
        #expect(keeping.isProofDue(beforeStartWith: decorated(new), asStandby: false, at: now))
        keeping.noteProven(decorated(new))
        #expect(keeping.mayBeTried(new))
        #expect(!keeping.isProofDue(beforeStartWith: new, asStandby: false, at: now))
        keeping.refuse(new, because: SettingsFault([], new), at: now)
        #expect(!keeping.mayBeTried(new))
        #expect(!keeping.isProofDue(beforeStartWith: new, asStandby: false, at: now))
    }

    @Test func `maps are proven before the first start, which says nothing of them`() throws {
        let maps = try PostgresSettings(clusterName: "demo", ident: ["corp /^(.*)@example postgres"])
        #expect(keeping.isProofDue(beforeStartWith: maps, asStandby: false, at: now))
    }

    @Test mutating func `what PostgreSQL refuses is not tried again until the store says something else`() {
        let fault = SettingsFault([], new)
        keeping.refuse(decorated(new), because: fault, at: now)
        #expect(!keeping.mayBeTried(new))
        #expect(keeping.mayBeTried(old))
        #expect(keeping.fault == fault)
        keeping.noteTaken()
        #expect(keeping.mayBeTried(new))
        #expect(keeping.fault == nil)
    }

    @Test mutating func `a fault of the former settings does not make the store's refused`() {
        keeping.refuse(nil, because: SettingsFault([], new), at: now)
        #expect(keeping.mayBeTried(new))
    }

    @Test mutating func `settings with which a start fails are refused when one with the former ones succeeds`() throws
    {
        #expect(keeping.doubt(new) == false, "there are no others to start with")
        #expect(keeping.mayBeTried(new))
        _ = keeping.noteStart(with: old, at: now)
        #expect(keeping.doubt(decorated(old)) == false, "a server here has started with these")
        // Read by the running server, and waiting for a start.
        let waiting = try PostgresSettings(
            clusterName: "demo", parameters: ["work_mem": "64MB", "shared_preload_libraries": "nope"])
        keeping.noteProven(waiting)
        _ = keeping.accept(waiting)
        #expect(keeping.doubt(decorated(waiting)) == true)
        #expect(!keeping.mayBeTried(waiting))
        // What the server has read since it started may be what keeps it from starting again.
        #expect(keeping.former == old)
        _ = keeping.noteStart(with: old, at: now)
        #expect(keeping.refused == waiting)
        #expect(keeping.fault == .failedStart)
        #expect(!keeping.mayBeTried(waiting))
    }

    @Test mutating func `settings with which a start fails once are not refused when the next one succeeds with them`()
    {
        _ = keeping.noteStart(with: old, at: now)
        keeping.noteProven(new)
        #expect(keeping.doubt(new) == true)
        #expect(keeping.former == old)
        _ = keeping.noteStart(with: new, at: now)
        #expect(keeping.refused == nil)
        #expect(keeping.fault == nil)
    }

    @Test mutating func `what was refused is asked of again after a pause, and used when a server starts with it`() {
        _ = keeping.noteStart(with: old, at: now)
        let fault = SettingsFault([], new)
        #expect(keeping.refuse(new, because: fault, at: now) == true)
        #expect(keeping.isRefused(decorated(new), at: now + .seconds(299)) == true)
        #expect(keeping.isRefused(old, at: now) == false)
        let later = now + SettingsKeeping.pauseAfterRefusal
        #expect(keeping.isRefused(new, at: later) == false)
        // Asked of, and refused once more: that is no news, and another reason is.
        #expect(keeping.fault == fault && !keeping.mayBeTried(new))
        #expect(keeping.refuse(new, because: fault, at: later) == false)
        #expect(keeping.isRefused(new, at: later + .seconds(299)) == true)
        #expect(keeping.refuse(new, because: .failedStart, at: later) == true)
        // Without a verdict what was said holds, and nothing is taken for proven.
        #expect(keeping.postponeRefused(new, at: later + .seconds(300)) == true)
        #expect(keeping.isRefused(new, at: later + .seconds(599)) == true)
        #expect(keeping.postponeRefused(old, at: later) == false)
        keeping.noteProven(decorated(new))
        #expect(keeping.isRefused(new, at: now) == false)
        #expect(keeping.mayBeTried(new))
    }

    @Test mutating func `a refusal is told as long as the store says so, whatever it said meanwhile`() throws {
        _ = keeping.noteStart(with: old, at: now)
        let fault = SettingsFault([], new)
        keeping.refuse(new, because: fault, at: now)
        do {
            _ = try PostgresSettings(clusterName: "demo", parameters: ["wal_level": "minimal"])
            Issue.record("such settings are used")
        } catch {
            #expect(keeping.noteInvalid(error) != nil)
        }
        #expect(keeping.fault != fault)
        #expect(keeping.isRefused(new, at: now) == true)
        #expect(keeping.fault == fault)
        // The former ones are there again: what is refused then is asked of anew when it comes back.
        keeping.noteUnchanged(old)
        #expect(keeping.fault == nil)
        #expect(keeping.isRefused(new, at: now) == false)
    }

    @Test mutating func `what has come up once and then not any more is proven anew before it is used`() {
        _ = keeping.noteStart(with: old, at: now)
        keeping.noteProven(new)
        #expect(keeping.doubt(new) == true)
        _ = keeping.noteStart(with: old, at: now)
        #expect(keeping.refused == new && !keeping.isProven(new))
        #expect(keeping.isRefused(new, at: now + SettingsKeeping.pauseAfterRefusal) == false)
    }

    @Test mutating func `a server that somebody else has started ends the doubt`() {
        _ = keeping.noteStart(with: old, at: now)
        keeping.noteProven(new)
        #expect(keeping.doubt(new) == true)
        #expect(!keeping.mayBeTried(new))
        keeping.forgetDoubt()
        #expect(keeping.mayBeTried(new))
    }

    @Test mutating func `a start waits for no proof that came to no verdict a moment ago`() {
        _ = keeping.noteStart(with: old, at: now)
        #expect(keeping.noteUndecided(new, because: "no room", at: now) == true)
        #expect(!keeping.isProofDue(beforeStartWith: decorated(new), asStandby: false, at: now))
        #expect(!keeping.proof.isDue(new, at: now) && keeping.proof.isDue(old, at: now))
        #expect(keeping.isProofDue(beforeStartWith: new, asStandby: false, at: now + ProofKeeping.pause))
    }

    @Test mutating func `what has no verdict is used in the end, told, and proven when that can be done`() {
        _ = keeping.noteStart(with: old, at: now)
        for attempt in 1...3 {
            #expect(!keeping.isProven(new))
            #expect(keeping.noteUndecided(decorated(new), because: "no room", at: now) == (attempt < 3))
            #expect(keeping.unprovenFault?.problems.map(\.rule) == ["not proven by a start of another server: no room"])
        }
        #expect(keeping.mayBeTried(new) && keeping.isUsedUnproven(new))
        _ = keeping.accept(new)
        keeping.noteWanted(new)
        // A start that fails goes back to what one has started with.
        #expect(keeping.kept == KeptSettings(accepted: new, started: old))
        #expect(!keeping.isProofOwed(at: now + .seconds(299)))
        let later = now + SettingsKeeping.pauseAfterRefusal
        #expect(keeping.isProofOwed(at: later))
        keeping.postponeLooks(at: later)
        #expect(!keeping.isProofOwed(at: later) && keeping.unprovenFault != nil)
        var proven = keeping
        proven.noteProven(new)
        #expect(proven.unprovenFault == nil && !proven.isUsedUnproven(new))
        var started = keeping
        _ = started.noteStart(with: new, at: now)
        #expect(started.unprovenFault == nil)
        var changed = keeping
        changed.noteWanted(old)
        #expect(changed.unprovenFault == nil)
        // A late proof refuses them: they are told, as long as they are in force, and no server is started with them.
        let fault = SettingsFault([], new)
        keeping.refuse(new, because: fault, at: later)
        #expect(keeping.unprovenFault == nil)
        keeping.noteUnchanged(decorated(new))
        #expect(keeping.fault == fault && keeping.former == old && !keeping.mayBeTried(new))
    }

    @Test mutating func `a refusal that the settings in force meet, too, says nothing of new ones`() throws {
        let hook = ConfigurationFileError(parameter: nil, file: nil, message: "no such hook here")
        let typo = ConfigurationFileError(parameter: "work_mem", file: nil, message: "is no size")
        #expect(keeping.controlDue(for: new) == nil, "nothing is in force")
        _ = keeping.noteStart(with: old, at: now)
        #expect(keeping.judged(.refused([hook]), on: new) == .refused([hook]), "nothing was asked")
        #expect(keeping.controlDue(for: decorated(new)) == old)
        keeping.noteControl(old, .undecided("no room"))
        #expect(keeping.controlDue(for: new) == old)
        keeping.noteControl(old, .refused([hook]))
        #expect(keeping.controlDue(for: new) == nil, "once is enough")
        guard case .undecided(let reason) = keeping.judged(.refused([hook]), on: new) else {
            Issue.record("a proof cannot show these, and refuses them")
            return
        }
        #expect(reason.contains("no such hook here"))
        #expect(keeping.judged(.refused([typo]), on: new) == .refused([typo]))
        #expect(keeping.judged(.refused([hook, typo]), on: new) == .refused([hook, typo]))
        #expect(keeping.judged(.proven, on: new) == .proven)
        // Others are in force.
        _ = keeping.accept(new)
        let third = try PostgresSettings(clusterName: "demo", parameters: ["work_mem": "5MB"])
        #expect(keeping.controlDue(for: third) == new)
        #expect(keeping.judged(.refused([hook]), on: third) == .refused([hook]))
        #expect(keeping.controlDue(for: new) == nil, "what one has started with is known already")
        keeping.noteControl(new, .proven)
        #expect(keeping.judged(.refused([hook]), on: third) == .refused([hook]))
    }

    @Test mutating func `a primary starts with the former settings at once, unless the last such start let nobody in`()
        throws
    {
        #expect(keeping.beginFormerStart() == false, "there are none")
        _ = keeping.noteStart(with: old, at: now)
        #expect(keeping.beginFormerStart() == true)
        #expect(keeping.beginFormerStart() == false, "what the store says may mend it")
        // Killed with the whole container, for example.
        var next = SettingsKeeping()
        next.recall(try KeptSettings(onDisk: try #require(keeping.kept).onDisk, clusterName: "demo"))
        #expect(next.beginFormerStart() == false)
        #expect(next.noteStart(with: old, at: now) == true, "the next life has to know")
        #expect(next.kept?.isStarting == false)
        #expect(next.beginFormerStart() == true)
    }

    @Test mutating func `a copy starts without refused settings, with the user's lines of access that are not`()
        throws
    {
        let usual = try PostgresSettings(clusterName: "demo")
        var wanted = try PostgresSettings(
            clusterName: "demo", parameters: ["work_mem": "64MB"], hba: ["host all all 10.0.0.0/8 scram-sha-256"],
            ident: ["corp a postgres"])
        wanted.capacity = 16
        #expect(keeping.substitute(for: wanted, usual: usual) == usual, "nothing is refused")
        func error(_ line: ConfigurationFileError.UserLine?) -> ConfigurationFileError {
            ConfigurationFileError(parameter: nil, file: nil, line: line, message: "is wrong")
        }
        for (line, keepsRules, keepsMaps) in [
            (nil, true, true), (.userNameMap(0), true, false), (.hostBasedAuthentication(0), false, true),
        ] as [(ConfigurationFileError.UserLine?, Bool, Bool)] {
            keeping.refuse(wanted, because: SettingsFault([error(line)], wanted), at: now)
            let given = keeping.substitute(for: decorated(wanted), usual: usual)
            #expect(given.parameters.isEmpty && given.capacity == 16)
            #expect((given.hostBasedAuthentication == wanted.hostBasedAuthentication) == keepsRules)
            #expect((given.userNameMaps == wanted.userNameMaps) == keepsMaps)
        }
    }

    @Test func `what runs of a proof is broken off, whoever waits for it`() async {
        var proof = ProofKeeping()
        let tasks = (0..<2).map { _ in
            Task {
                do { try await Task.sleep(for: .seconds(600)) } catch { return }
                Issue.record("it went on")
            }
        }
        proof.begin(tasks[0])
        proof.beginBeforeStart(tasks[1])
        proof.cancel()
        for task in tasks { await task.value }
        proof.endBeforeStart()
    }

    @Test mutating func `what ALTER SYSTEM has set wrong is told, and looked at again after a pause`() {
        let fault = SettingsFault(automaticConfiguration: [
            ConfigurationFileError(parameter: "colour", file: nil, message: "unrecognized")
        ])
        #expect(fault.problems.map(\.path) == ["postgresql.auto.conf"])
        #expect(!keeping.isAutomaticConfigurationDue(at: now))
        #expect(keeping.noteAutomaticConfiguration(fault, at: now) == true)
        #expect(keeping.noteAutomaticConfiguration(fault, at: now) == false)
        #expect(keeping.automaticFault == fault && keeping.fault == nil)
        let later = now + SettingsKeeping.pauseAfterRefusal
        #expect(!keeping.isAutomaticConfigurationDue(at: later - .seconds(1)))
        #expect(keeping.isAutomaticConfigurationDue(at: later))
        keeping.postponeLooks(at: later)
        #expect(!keeping.isAutomaticConfigurationDue(at: later))
        // It is no fault of the store's settings, whatever those are now.
        keeping.noteTaken()
        keeping.noteUnchanged(old)
        #expect(keeping.automaticFault == fault)
        #expect(keeping.noteAutomaticConfiguration(nil, at: now) == false)
        #expect(keeping.automaticFault == nil)
        keeping.postponeLooks(at: now)
        #expect(keeping.automaticFault == nil)
    }

    @Test func `members do not all prove in the same instant`() {
        let pauses = (0..<6).map { ProofKeeping.pauseBefore(of: "demo-\($0)") }
        #expect(Set(pauses).count == 6)
        #expect(pauses.allSatisfy { $0 < .seconds(2) })
    }

    @Test(
        arguments: [
            (.exited(1), true), (.exited(2), true), (.exited(125), true), (.exited(0), false), (.exited(137), false),
            (.signalled(9), false), (.signalled(6), false), (.unknown, false),
        ] as [(PostmasterExit.Status, Bool)])
    func `only a server that gave up by itself says something of its settings`(
        status: PostmasterExit.Status, isOwn: Bool
    ) {
        #expect(status.isOwnFailure == isOwn)
    }

    @Test func `a start is noted once, of the server it was`() {
        var life = ServerLife()
        life.begin(new, .primary)
        life.apply(old, .primary)
        #expect(life.takeStart() == new)
        #expect(life.takeStart() == nil)
        life.begin(new, .primary)
        life.end()
        #expect(life.takeStart() == nil)
    }
}
