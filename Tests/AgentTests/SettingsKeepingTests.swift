import KubernetesModels
import PostgresConfiguration
import Testing

@testable import Agent
@testable import AgentShell

@Suite struct SettingsKeepingTests {
    private var keeping = SettingsKeeping()
    private let old: PostgresSettings
    private let new: PostgresSettings

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
        #expect(keeping.noteStart(with: decorated(old)) == true)
        #expect(keeping.noteStart(with: old) == false)
        #expect(keeping.kept == KeptSettings(accepted: old, started: old))
        #expect(keeping.accept(decorated(new), version: nil) == true)
        #expect(keeping.accept(new, version: nil) == false)
        #expect(keeping.kept == KeptSettings(accepted: new, started: new))
    }

    @Test func `what is kept is read as it was written, also by an earlier version and from one`() throws {
        var grown = new
        grown.capacity = 16
        let kept = KeptSettings(accepted: grown, started: old)
        #expect(try KeptSettings(onDisk: kept.onDisk, clusterName: "demo") == kept)
        let former = KeptSettings(accepted: grown, started: nil)
        #expect(try KeptSettings(onDisk: former.onDisk, clusterName: "demo") == former)
        #expect(try JSONValue(parsing: kept.onDisk)["parameters"] == ["work_mem": "64MB"])
    }

    @Test mutating func `where there are former settings only what is proven is tried, and that before a start`() {
        #expect(keeping.mayBeTried(new), "there are no others")
        #expect(!keeping.isProofDue(beforeStartWith: new), "the start is the proof")
        _ = keeping.noteStart(with: old)
        #expect(!keeping.mayBeTried(new))
        #expect(keeping.isProofDue(beforeStartWith: decorated(new)))
        keeping.noteProven(decorated(new))
        #expect(keeping.mayBeTried(new))
        #expect(!keeping.isProofDue(beforeStartWith: new))
        keeping.refuse(new, because: SettingsFault([], new))
        #expect(!keeping.mayBeTried(new))
        #expect(!keeping.isProofDue(beforeStartWith: new))
    }

    @Test func `maps are proven before the first start, which says nothing of them`() throws {
        let maps = try PostgresSettings(clusterName: "demo", ident: ["corp /^(.*)@example postgres"])
        #expect(keeping.isProofDue(beforeStartWith: maps))
    }

    @Test mutating func `what PostgreSQL refuses is not tried again until the store says something else`() {
        let fault = SettingsFault([], new)
        keeping.refuse(decorated(new), because: fault)
        #expect(!keeping.mayBeTried(new))
        #expect(keeping.mayBeTried(old))
        #expect(keeping.fault == fault)
        keeping.noteTaken()
        #expect(keeping.mayBeTried(new))
        #expect(keeping.fault == nil)
    }

    @Test mutating func `a fault of the former settings does not make the store's refused`() {
        keeping.refuse(nil, because: SettingsFault([], new))
        #expect(keeping.mayBeTried(new))
    }

    @Test mutating func `settings with which a start fails are refused when one with the former ones succeeds`() throws
    {
        #expect(keeping.doubt(new) == false, "there are no others to start with")
        #expect(keeping.mayBeTried(new))
        _ = keeping.noteStart(with: old)
        #expect(keeping.doubt(decorated(old)) == false, "a server here has started with these")
        // Read by the running server, and waiting for a start.
        let waiting = try PostgresSettings(
            clusterName: "demo", parameters: ["work_mem": "64MB", "shared_preload_libraries": "nope"])
        keeping.noteProven(waiting)
        _ = keeping.accept(waiting, version: nil)
        #expect(keeping.doubt(decorated(waiting)) == true)
        #expect(!keeping.mayBeTried(waiting))
        // The former ones, with what needs no start as it is now.
        #expect(keeping.former == new)
        _ = keeping.noteStart(with: new)
        #expect(keeping.refused == waiting)
        #expect(keeping.fault == .failedStart)
        #expect(!keeping.mayBeTried(waiting))
    }

    @Test mutating func `settings with which a start fails once are not refused when the next one succeeds with them`()
    {
        _ = keeping.noteStart(with: old)
        keeping.noteProven(new)
        #expect(keeping.doubt(new) == true)
        #expect(keeping.former == old)
        _ = keeping.noteStart(with: new)
        #expect(keeping.refused == nil)
        #expect(keeping.fault == nil)
    }
}
