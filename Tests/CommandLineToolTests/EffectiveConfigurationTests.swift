import ClusterRecords
import KubernetesModels
import PostgresClusterAPI
import PostgresConfiguration
import Testing

@testable import CommandLineTool

/// `matriarch show-config --effective`: what members go by, and who says so.
@Suite struct EffectiveConfigurationTests {
    private func setting(_ key: String, _ configuration: EffectiveConfiguration) throws
        -> EffectiveConfiguration.Setting
    {
        try #require(configuration.settings.first { $0.key == key }, "\(key)")
    }

    /// As the operator writes it, with what somebody else put there.
    private func stored(_ spec: PostgresClusterSpec, _ more: JSONValue = [:]) -> String {
        spec.dynamicConfiguration.json(over: more).serialized()
    }

    @Test func `each value names the field it comes from, a profile, a default or the store`() throws {
        let spec = try ListingFixture.spec([
            "highAvailability": ["profile": "fast"], "postgresql": ["parameters": ["work_mem": "8MB"]],
        ])
        let configuration = EffectiveConfiguration(
            stored: stored(spec, ["slots": ["one": ["type": "physical"]]]), spec: spec, members: [:])
        #expect(try setting("ttl", configuration).source == "profile fast")
        #expect(try setting("ttl", configuration).value == 10)
        #expect(try setting("failsafe_mode", configuration).source == "spec.highAvailability.failsafe")
        #expect(
            try setting("postgresql.parameters.work_mem", configuration).source
                == "spec.postgresql.parameters.work_mem")
        #expect(try setting("slots.one.type", configuration).source == "store")
        let nothing = EffectiveConfiguration(stored: nil, spec: nil, members: [:])
        #expect(try setting("ttl", nothing).source == "default")
        #expect(try setting("ttl", nothing).value == 20)
    }

    @Test func `a store that the operator has not written over yet is told with what the resource has`() throws {
        let former = try ListingFixture.spec(["postgresql": ["parameters": ["work_mem": "4MB"]]])
        let spec = try ListingFixture.spec(["postgresql": ["parameters": ["work_mem": "8MB"]]])
        let configuration = EffectiveConfiguration(stored: stored(former), spec: spec, members: [:])
        let setting = try setting("postgresql.parameters.work_mem", configuration)
        #expect(setting.value == "4MB")
        #expect(setting.source == "store; spec.postgresql.parameters.work_mem has 8MB")
    }

    private func members() -> [String: MemberRecord] {
        var waiting = MemberRecord()
        waiting.pendingRestart = [PendingSetting(name: "max_connections", oldValue: "100", newValue: "200")]
        waiting.tagValues = ["nofailover": true]
        var refusing = MemberRecord()
        refusing.problems = [
            Problem(
                path: "spec.postgresql.parameters.max_connections", value: "200", rule: "is too large",
                refuser: .postgresql),
            Problem(path: "spec.postgresql.pgHBA[3]", value: "x", rule: "is no line", refuser: .agent),
        ]
        return ["demo-1": waiting, "demo-2": refusing]
    }

    @Test func `what waits for a restart and what is not used stands beside the value`() throws {
        let spec = try ListingFixture.spec(["postgresql": ["parameters": ["max_connections": "200"]]])
        let all = EffectiveConfiguration(stored: stored(spec), spec: spec, members: members())
        #expect(
            try setting("postgresql.parameters.max_connections", all).remarks == [
                "demo-1 runs with 100 until it restarts", "demo-2: is too large, not used (PostgreSQL)",
            ])
        #expect(all.remarks == ["demo-2: spec.postgresql.pgHBA[3]: x: is no line"])
        #expect(!all.settings.contains { $0.key.hasPrefix("tags.") })
    }

    @Test func `one member is shown with its tags, without its name in every line`() throws {
        let spec = try ListingFixture.spec(["postgresql": ["parameters": ["max_connections": "200"]]])
        let one = EffectiveConfiguration(
            stored: stored(spec), spec: spec, members: members().filter { $0.key == "demo-1" })
        #expect(
            try setting("postgresql.parameters.max_connections", one).remarks == ["runs with 100 until it restarts"])
        #expect(try setting("tags.nofailover", one).source == "spec.instanceOverrides")
        let text = one.table.rendered(.tsv)
        #expect(
            text.contains(
                "postgresql.parameters.max_connections\t200\tspec.postgresql.parameters.max_connections\truns with 100 until it restarts"
            ))
    }

    @Test func `a store nobody can read shows the defaults agents begin with`() {
        let configuration = EffectiveConfiguration(stored: "{", spec: nil, members: [:])
        #expect(configuration.settings.allSatisfy { $0.source == "default" })
    }
}
