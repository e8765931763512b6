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
        #expect(keeping.accept(decorated(old)) == old)
        #expect(keeping.accept(old) == nil)
        #expect(keeping.accepted == old)
    }

    @Test mutating func `what PostgreSQL refuses is not tried again until the store says something else`() {
        let fault = SettingsFault([], parameters: [:])
        keeping.refuse(decorated(new), because: fault)
        #expect(!keeping.mayBeTried(new))
        #expect(keeping.mayBeTried(old))
        #expect(keeping.fault == fault)
        keeping.noteTaken()
        #expect(keeping.mayBeTried(new))
        #expect(keeping.fault == nil)
    }

    @Test mutating func `a fault of the former settings does not make the store's refused`() {
        keeping.refuse(nil, because: SettingsFault([], parameters: [:]))
        #expect(keeping.mayBeTried(new))
    }

    @Test mutating func `new settings are doubted when a start with them fails, until a server has come up`() {
        #expect(keeping.doubt(new) == false, "there are no others to start with")
        #expect(keeping.mayBeTried(new))
        _ = keeping.accept(old)
        #expect(keeping.doubt(decorated(old)) == false, "a server here has taken these")
        #expect(keeping.doubt(decorated(new)) == true)
        #expect(!keeping.mayBeTried(new))
        _ = keeping.accept(old)
        #expect(keeping.mayBeTried(new))
    }
}
