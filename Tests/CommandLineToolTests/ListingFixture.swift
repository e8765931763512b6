import KubernetesModels
import PostgresClusterAPI

@testable import CommandLineTool

/// Records as the store and the Pods hold them.
enum ListingFixture {
    static func pod(_ name: String, ip: String?, status: JSONValue?) -> Pod {
        Pod(
            metadata: ObjectMeta(
                name: name, namespace: "shop", annotations: status.map { ["status": $0.serialized()] }),
            status: PodStatus(phase: "Running", podIP: ip))
    }

    static func status(
        _ host: String, _ role: String, state: String = "running", position: Int64 = 0x500_0000, more: JSONValue = [:]
    ) -> JSONValue {
        var status: JSONValue = [
            "conn_url": .string("postgres://\(host):5432/postgres"),
            "api_url": .string("http://\(host):8008/patroni"), "state": .string(state), "role": .string(role),
            "version": "0.1.0", "timeline": 3, "xlog_location": .int(position), "server_version": 150_018,
        ]
        if role == "replica" { status["replication_state"] = "streaming" }
        for (key, value) in more.objectValue ?? [:] { status[key] = value }
        return status
    }

    /// A leader and two replicas, one of them 3 MiB behind.
    static var records: StoreRecords {
        StoreRecords(
            leader: ["leader": "demo-0", "optime": "83886080"],
            configuration: ["initialize": "7412345678901234567", "config": #"{"ttl":20}"#],
            pods: [
                pod("demo-2", ip: "10.0.0.9", status: status("10.0.0.9", "replica", position: 0x4D0_0000)),
                pod("demo-0", ip: "10.0.0.7", status: status("10.0.0.7", "primary")),
                pod("demo-1", ip: "10.0.0.8", status: status("10.0.0.8", "replica")),
            ])
    }

    static func listing(_ change: (inout StoreRecords) -> Void = { _ in }) -> ClusterListing {
        var records = records
        change(&records)
        return ClusterListing(namespace: "shop", name: "demo", records: records)
    }

    /// The smallest spec, and more of it.
    static func spec(_ more: JSONValue = [:]) throws -> PostgresClusterSpec {
        let base: JSONValue = ["image": "matriarch-postgres:15", "storage": ["size": "1Gi"]]
        return try PostgresClusterSpec.read(base.applying(mergePatch: more)).get()
    }
}
