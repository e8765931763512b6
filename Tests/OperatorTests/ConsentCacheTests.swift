import ClusterRecords
import KubernetesModels
import Logging
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

    private static func cache() -> ConsentCache {
        ConsentCache(logger: Logger(label: "consents") { _ in SwiftLogNoOpLogHandler() })
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
        let (cache, namespace) = (Self.cache(), Namespace())
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

    @Test func `one that cannot be read keeps its consent for a while, and no other from being asked`() async throws {
        let (cache, namespace) = (Self.cache(), Namespace())
        let names = ["first", "second", "third"]
        namespace.labels.withLock { labels in for name in names { labels[name] = "demo" } }
        namespace.unreachable.withLock { $0 = ["second"] }
        let cluster = try cluster(names)
        let start = ContinuousClock.now
        func consenting(_ second: Int) async throws -> Set<String> {
            try await cache.consenting(of: cluster, at: start + .seconds(second), read: namespace.read)
        }
        // Of one nobody could ever ask nothing is known.
        #expect(try await consenting(0) == ["first", "third"])
        #expect(namespace.takeAsked() == names)
        #expect(try await consenting(7) == ["first", "third"])
        #expect(namespace.takeAsked() == [])
        namespace.unreachable.withLock { $0 = [] }
        #expect(try await consenting(8) == Set(names))
        #expect(namespace.takeAsked() == ["second"])

        namespace.unreachable.withLock { $0 = ["second"] }
        for (second, isAsked) in [(58, true), (65, false), (66, true), (107, true)] {
            #expect(try await consenting(second) == Set(names), "\(second)")
            #expect(namespace.takeAsked().contains("second") == isAsked, "\(second)")
        }
        #expect(try await consenting(108) == ["first", "third"])
        namespace.unreachable.withLock { $0 = [] }
        #expect(try await consenting(115) == Set(names))
    }

    @Test func `an API server that answers nothing is not asked for each of many`() async throws {
        let (cache, namespace) = (Self.cache(), Namespace())
        let names = (0..<50).map { "secret-\($0)" }
        namespace.labels.withLock { labels in for name in names { labels[name] = "demo" } }
        namespace.unreachable.withLock { $0 = Set(names) }
        let cluster = try cluster(names)
        let start = ContinuousClock.now
        #expect(try await cache.consenting(of: cluster, at: start, read: namespace.read) == [])
        let first = namespace.takeAsked()
        #expect(first.count < 16)
        // The others are next, also while those are not asked again.
        namespace.unreachable.withLock { $0 = [] }
        let next = try await cache.consenting(of: cluster, at: start, read: namespace.read)
        #expect(next == Set(names).subtracting(first) && namespace.takeAsked() == next.sorted())
    }

    @Test func `of a cluster that names no Secret any more nothing is known`() async throws {
        let (cache, namespace) = (Self.cache(), Namespace())
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
