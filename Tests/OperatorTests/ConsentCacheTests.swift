import ClusterRecords
import KubernetesModels
import PostgresClusterAPI
import Synchronization
import Testing

@testable import Operator

/// How often Secrets are asked whose they are.
@Suite struct ConsentCacheTests {
    private struct Unreachable: Error {}

    /// The Secrets of a namespace, by name, with the cluster their label names; empty: they have none.
    private final class Namespace: Sendable {
        let labels = Mutex<[String: String]>([:])
        let asked = Mutex<[String]>([])
        let unreachable = Mutex<Set<String>>([])

        @Sendable func read(_ name: String) async throws -> ObjectMeta? {
            asked.withLock { $0.append(name) }
            if unreachable.withLock({ $0.contains(name) }) { throw Unreachable() }
            guard let label = labels.withLock({ $0[name] }) else { return nil }
            return ObjectMeta(name: name, labels: label.isEmpty ? nil : [Labels.rolePasswords: label])
        }

        func takeAsked() -> [String] {
            asked.withLock { asked in
                defer { asked = [] }
                return asked.sorted()
            }
        }
    }

    private func cluster(_ secrets: [String]) throws -> PostgresCluster {
        let roles = secrets.enumerated().map { index, secret -> JSONValue in
            ["name": .string("role-\(index)"), "passwordSecret": ["name": .string(secret), "key": "password"]]
        }
        let json: JSONValue = [
            "metadata": ["name": "demo", "namespace": "default", "uid": "u-1"],
            "spec": ["image": "postgres:15", "storage": ["size": "1Gi"], "roles": .array(roles)],
        ]
        return try json.decoded()
    }

    @Test func `one that consents is asked now and then, one that does not soon, and each once at a time`() async throws
    {
        let (cache, namespace) = (ConsentCache(), Namespace())
        namespace.labels.withLock { $0 = ["mine": "demo", "others": "another", "plain": ""] }
        let names = ["mine", "others", "plain", "missing"]
        let cluster = try cluster(names)
        let start = ContinuousClock.now
        func consenting(_ second: Int) async throws -> Set<String> {
            try await cache.consenting(of: cluster, at: start + .seconds(second), read: namespace.read)
        }
        #expect(try await consenting(0) == ["mine"])
        #expect(namespace.takeAsked() == names.sorted())
        for second in 1...7 {
            #expect(try await consenting(second) == ["mine"])
            #expect(namespace.takeAsked() == [])
        }
        namespace.labels.withLock { $0["missing"] = "demo" }
        #expect(try await consenting(8) == ["mine", "missing"])
        #expect(namespace.takeAsked() == ["missing", "others", "plain"])
        namespace.labels.withLock { $0["mine"] = "" }
        #expect(try await consenting(49).contains("mine"))
        #expect(try await consenting(50) == ["missing"])
        #expect(namespace.takeAsked().contains("mine"))
    }

    @Test func `what was answered is not asked again because something else was not`() async throws {
        let (cache, namespace) = (ConsentCache(), Namespace())
        let names = (0..<50).map { "secret-\($0)" }
        namespace.labels.withLock { labels in for name in names { labels[name] = "demo" } }
        namespace.unreachable.withLock { $0 = ["secret-49"] }
        let cluster = try cluster(names)
        let start = ContinuousClock.now
        await #expect(throws: Unreachable.self) {
            try await cache.consenting(of: cluster, at: start, read: namespace.read)
        }
        let first = namespace.takeAsked().count
        namespace.unreachable.withLock { $0 = [] }
        #expect(try await cache.consenting(of: cluster, at: start, read: namespace.read) == Set(names))
        // All that were not reached, and the one that failed.
        #expect(namespace.takeAsked().count == 51 - first)
    }

    @Test func `of a cluster that names no Secret any more nothing is known`() async throws {
        let (cache, namespace) = (ConsentCache(), Namespace())
        namespace.labels.withLock { $0 = ["mine": "demo"] }
        let start = ContinuousClock.now
        func asked(_ secrets: [String]) async throws -> [String] {
            _ = try await cache.consenting(of: cluster(secrets), at: start, read: namespace.read)
            return namespace.takeAsked()
        }
        #expect(try await asked(["mine"]) == ["mine"])
        #expect(try await asked([]) == [])
        #expect(try await asked(["mine"]) == ["mine"])
    }
}
