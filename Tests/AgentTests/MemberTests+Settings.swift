import KubernetesModels
import PostgresClient
import TestSupport
import Testing

extension MemberTests {
    @Test func `settings PostgreSQL refuses are not applied, not left in the files, and told by every member`()
        async throws
    {
        try await withThree { cluster, before in
            let former = try JSONValue(parsing: try #require(try await cluster.annotations("-config")["config"]))
            func apply(_ parameters: [String: JSONValue]) async throws {
                var wanted = former
                wanted["postgresql"] = ["parameters": .object(parameters)]
                try await cluster.annotate("-config", ["config": .string(wanted.serialized())])
            }
            func shown(_ name: String, on member: MemberProcess) async throws -> String? {
                try await member.query("SHOW \(name)").scalar
            }

            try await apply(["work_mem": "7MB"])
            for member in cluster.members {
                try await eventually(within: .seconds(15), "\(member.name) applies work_mem") {
                    try await shown("work_mem", on: member) == "7MB"
                }
            }
            let offsets = cluster.members.map(\.logEnd)
            try await apply(["work_mem": "9MB", "no_such_parameter": "1"])
            for (member, offset) in zip(cluster.members, offsets) {
                try await eventually(within: .seconds(15), "\(member.name) refuses the parameter") {
                    member.hasSaid("PostgreSQL refuses the settings", since: offset)
                }
                #expect(try await shown("work_mem", on: member) == "7MB")
                // Nothing of it is in the files: the server still comes up from them.
                #expect(
                    try await member.query("SELECT count(*) FROM pg_file_settings WHERE name = 'no_such_parameter'")
                        .scalar == "0")
            }
            try await apply(["work_mem": "9MB"])
            for member in cluster.members {
                try await eventually(within: .seconds(15), "\(member.name) applies the corrected settings") {
                    try await shown("work_mem", on: member) == "9MB"
                }
            }
            let after = try await cluster.healthy()
            #expect(after.leader.name == before.leader.name)
            #expect(after.timeline == before.timeline)
        }
    }
}
