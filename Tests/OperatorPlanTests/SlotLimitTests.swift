import ClusterRecords
import KubernetesModels
import OperatorPlan
import PostgresClusterAPI
import Testing

/// How much WAL slots may keep where nobody has said.
@Suite struct SlotLimitTests {
    private func limit(_ world: World) throws -> String? {
        let text = try #require(world[store: "demo-config"]["config"]?.stringValue)
        return try JSONValue(parsing: text).value(at: "postgresql", "parameters", "max_slot_wal_keep_size")?.stringValue
    }

    @Test func `a new cluster has half of its volume, for good, and what the spec gives instead as long as it does`()
        throws
    {
        var world = World(["storage": ["size": "10Gi"]])
        try world.settle()
        #expect(try limit(world) == "5120MB")
        world.run(3, leader: 0)
        world.patch(["postgresql": ["parameters": ["Max_Slot_WAL_Keep_Size": "-1"]]])
        try world.settle()
        let text = try #require(world[store: "demo-config"]["config"]?.stringValue)
        #expect(!text.contains("max_slot_wal_keep_size") && text.contains(#""Max_Slot_WAL_Keep_Size":"-1""#))
        world.patch(["postgresql": ["parameters": ["Max_Slot_WAL_Keep_Size": .null, "work_mem": "8MB"]]])
        try world.settle()
        #expect(try limit(world) == "5120MB")
    }

    @Test func `a cluster from before there was a bound gets none, also when its configuration was deleted`() throws {
        var world = World()
        try world.settle()
        world.run(3, leader: 0)
        try world.settle()
        var configuration = try JSONValue(parsing: #require(world[store: "demo-config"]["config"]?.stringValue))
        configuration["matriarch"] = ["instances": 3]
        world[store: "demo-config"] = ["config": .string(configuration.serialized())]
        world.patch(["postgresql": ["parameters": ["work_mem": "8MB"]]])
        try world.settle()
        #expect(try limit(world) == nil)
        world[store: "demo-config"] = ["config": .null, "initialize": "7300000000000000001"]
        try world.settle()
        #expect(try limit(world) == nil)
    }
}
