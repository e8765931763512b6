import ClusterRecords
import PostgresConfiguration
import Testing

@testable import Agent
@testable import AgentShell

/// A fault has the same fate whoever finds it: a sentence for people, and each problem by where the resource has it.
@Suite struct SettingsFaultTests {
    @Test func `what initdb of this version cannot make is a problem of the resource`() throws {
        var options = InitdbOptions()
        options.localeProvider = .builtin
        let error = try #require(throws: InvalidSettings.self) {
            try options.arguments(in: ServerVersion(major: 16))
        }
        let fault = SettingsFault(error, "no new cluster is made")
        let rule = "needs PostgreSQL 17 or later; the image has 16"
        #expect(
            fault.problems == [
                Problem(
                    path: "spec.bootstrap.initdb.localeProvider", value: "builtin", rule: rule, refuser: .agent)
            ])
        #expect(fault.sentence == "no new cluster is made: bootstrap.initdb.localeProvider: \"builtin\" \(rule)")
    }

    @Test func `a setting the checks refuse leaves the former ones in force`() {
        let line = ConfigurationProblem(field: "pg_hba[0]", value: "nonsense", rule: "is no rule")
        let fault = SettingsFault(InvalidSettings(problems: [line]))
        #expect(fault.problems.map(\.path) == ["spec.postgresql.pgHBA[0]"])
        #expect(fault.sentence.hasPrefix("the settings are refused, the former ones stay in force: "))
    }
}
