import KubernetesModels
import PostgresClient
import TestSupport
import Testing

extension MemberTests {
    @Test func `statements for a new cluster are waited for, refused with their line, and run once`() async throws {
        try await with(2) { cluster in
            try cluster.writeBootstrap([
                "initdb": [
                    "application": ["database": "shop", "owner": "keeper", "secret": "demo-app"],
                    "scripts": [
                        [
                            "field": "postInitApplicationSQLRefs.configMapRefs[0]", "database": "application",
                            "configMap": "demo-sql", "key": "tables.sql",
                        ]
                    ],
                ]
            ])
            try cluster.writeApplicationSecret(username: "keeper", password: "sesame")
            let version = try await cluster.version(of: .configuration)
            for member in cluster.members { try member.start() }
            let path = "no new cluster is made: bootstrap.initdb.postInitApplicationSQLRefs.configMapRefs[0]: "
            try await eventually(within: .seconds(20), "a member says what is missing") {
                try await cluster.status(of: "demo-0").contains(
                    path + "there is no key tables.sql of ConfigMap demo-sql, or not yet")
            }
            // Nothing is claimed for it.
            #expect(try await cluster.version(of: .configuration) == version)
            try cluster.writeScript("demo-sql", key: "tables.sql", "SET ROLE keeper;\nCREATE TABLES orders")
            try await eventually(within: .seconds(40), "a member says what PostgreSQL refuses") {
                for member in cluster.members {
                    let status = try await cluster.status(of: member.name)
                    if status.contains(path), status.contains("line 2: syntax error at or near"),
                        status.contains("(SQLSTATE 42601)")
                    {
                        return true
                    }
                }
                return false
            }
            try cluster.writeScript(
                "demo-sql", key: "tables.sql", "SET ROLE keeper;\n\nCREATE TABLE orders AS SELECT 7 AS n;\n")
            let found = try await cluster.healthy()
            for member in cluster.members {
                try await eventually("the member has the table") {
                    let connection = try await member.open(database: "shop", user: "keeper", password: "sesame")
                    let sum = try await connection.query("SELECT sum(n) FROM orders", deadline: .seconds(5)).scalar
                    await connection.close()
                    return sum == "7"
                }
            }
            try await eventually(within: .seconds(20), "nothing is wrong any more") {
                try await !cluster.status(of: found.leader.name).contains(path)
            }
        }
    }
}
