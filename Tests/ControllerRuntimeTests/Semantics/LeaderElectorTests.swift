import KubernetesClient
import KubernetesModels
import Observability
import Synchronization
import TestSupport
import Testing

@testable import ControllerRuntime

@Suite(.timeLimit(.minutes(2))) struct LeaderElectorTests {
    private static let short = ElectionTimings(
        leaseDuration: .seconds(2), renewDeadline: .milliseconds(1_200), retryPeriod: .milliseconds(200))

    /// Who began and ended to lead, and when.
    final class Terms: Sendable {
        struct Entry: Sendable {
            var identity: String
            var isBegin: Bool
            var at: ContinuousClock.Instant
        }
        private let entries = Mutex<[Entry]>([])
        var all: [Entry] { entries.withLock { $0 } }
        func note(_ identity: String, isBegin: Bool) {
            entries.withLock { $0.append(Entry(identity: identity, isBegin: isBegin, at: .now)) }
        }
        func time(_ identity: String, isBegin: Bool) -> ContinuousClock.Instant? {
            all.first { $0.identity == identity && $0.isBegin == isBegin }?.at
        }
        /// The most that led at the same time.
        var most: Int {
            var current = 0
            return all.reduce(0) { most, entry in
                current += entry.isBegin ? 1 : -1
                return max(most, current)
            }
        }
    }

    /// A lease behind a network that can be cut.
    final class CuttableLeaseStore: LeaseStore {
        private let inner: KubernetesLeaseStore
        private let isCut = Mutex(false)
        init(_ inner: KubernetesLeaseStore) { self.inner = inner }
        func cut() { isCut.withLock { $0 = true } }
        private func check() throws {
            if isCut.withLock({ $0 }) { throw KubernetesError(code: .unreachable, message: "cut") }
        }
        func read() async throws -> Lease? {
            try check()
            return try await inner.read()
        }
        func create(_ spec: LeaseSpec) async throws -> Lease {
            try check()
            return try await inner.create(spec)
        }
        func replace(_ spec: LeaseSpec, resourceVersion: String) async throws -> Lease {
            try check()
            return try await inner.replace(spec, resourceVersion: resourceVersion)
        }
        func changes() -> AsyncThrowingStream<WatchEvent<Lease>, any Error> { inner.changes() }
    }

    private func store(_ lab: Lab) -> KubernetesLeaseStore {
        KubernetesLeaseStore(client: lab.client, namespace: lab.namespace, name: "leader")
    }

    private func elect(
        _ identity: String, _ leases: any LeaseStore, _ terms: Terms, timings: ElectionTimings = ElectionTimings(),
        metrics: ElectionMetrics? = nil
    ) -> Task<LeaderElector<ContinuousClock>.Outcome, any Error> {
        let elector = LeaderElector(
            name: "leader", identity: identity, leases: leases, timings: timings, clock: ContinuousClock(),
            metrics: metrics)
        return Task {
            try await elector.run {
                terms.note(identity, isBegin: true)
                defer { terms.note(identity, isBegin: false) }
                // Leads until it is told to stop.
                await Self.cancellation()
            }
        }
    }

    private static func cancellation() async {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        for await _ in stream {}
        continuation.finish()
    }

    @Test func `of two electors one leads, and a release hands over before the lease has run out`() async throws {
        let lab = try await Lab()
        let terms = Terms()
        let registry = MetricsRegistry()
        let first = elect("a", store(lab), terms, metrics: ElectionMetrics(registry: registry))
        try await eventually("a leads") {
            terms.all.map(\.identity)
        } until: {
            $0 == ["a"]
        }
        #expect(registry.exposition().contains("leader_election_master_status{name=\"leader\"} 1\n"))
        let second = elect("b", store(lab), terms)
        // Renewals go on while b follows.
        let before = try await lab.client.get(Lease.self, name: "leader", namespace: lab.namespace)
        try await eventually(within: .seconds(5), "a renewal") {
            try await lab.client.get(Lease.self, name: "leader", namespace: lab.namespace)
        } until: {
            $0.spec?.renewTime != before.spec?.renewTime
        }
        #expect(terms.all.map(\.identity) == ["a"])

        first.cancel()
        #expect(try await first.value == .released)
        let released = try #require(terms.time("a", isBegin: false))
        try await eventually("b leads") {
            terms.time("b", isBegin: true)
        } until: {
            $0 != nil
        }
        let taken = try #require(terms.time("b", isBegin: true))
        // A lease that was not released would have to run out first.
        #expect(released.duration(to: taken) < ElectionTimings().leaseDuration)
        #expect(terms.most == 1)
        #expect(registry.exposition().contains("leader_election_master_status{name=\"leader\"} 0\n"))
        let lease = try await lab.client.get(Lease.self, name: "leader", namespace: lab.namespace)
        #expect(lease.spec?.holderIdentity == "b")
        #expect(lease.spec?.leaseTransitions == 1)
        #expect(lease.spec?.leaseDurationSeconds == 15)
        second.cancel()
        _ = try await second.value
    }

    @Test func `a leader that is cut off stops before another one starts`() async throws {
        let lab = try await Lab()
        let terms = Terms()
        let cuttable = CuttableLeaseStore(store(lab))
        let first = elect("a", cuttable, terms, timings: Self.short)
        try await eventually("a leads") {
            terms.all.map(\.identity)
        } until: {
            $0 == ["a"]
        }
        let second = elect("b", store(lab), terms, timings: Self.short)
        cuttable.cut()
        #expect(try await first.value == .lost)
        try await eventually("b leads") {
            terms.time("b", isBegin: true)
        } until: {
            $0 != nil
        }
        let ended = try #require(terms.time("a", isBegin: false))
        let began = try #require(terms.time("b", isBegin: true))
        #expect(ended < began)
        #expect(terms.most == 1)
        second.cancel()
        _ = try await second.value
    }

    @Test func `of many that start at once exactly one leads`() async throws {
        let lab = try await Lab()
        let terms = Terms()
        let tasks = (0..<8).map { elect("e\($0)", store(lab), terms) }
        try await eventually("one leads") {
            terms.all.count
        } until: {
            $0 >= 1
        }
        // Everybody has had its first attempt when the winner has renewed.
        let before = try await lab.client.get(Lease.self, name: "leader", namespace: lab.namespace)
        try await eventually(within: .seconds(5), "a renewal") {
            try await lab.client.get(Lease.self, name: "leader", namespace: lab.namespace)
        } until: {
            $0.spec?.renewTime != before.spec?.renewTime
        }
        #expect(terms.all.count == 1)
        for task in tasks { task.cancel() }
        for task in tasks { _ = try await task.value }
        #expect(terms.most == 1)
    }

    @Test func `a lease somebody else took away ends the term at once`() async throws {
        let lab = try await Lab()
        let terms = Terms()
        let first = elect("a", store(lab), terms, timings: Self.short)
        try await eventually("a leads") {
            terms.all.map(\.identity)
        } until: {
            $0 == ["a"]
        }
        _ = try await lab.client.mergePatch(
            Lease.self, name: "leader", namespace: lab.namespace,
            body: ["spec": ["holderIdentity": "intruder", "leaseDurationSeconds": 60]])
        #expect(try await first.value == .lost)
        let lease = try await lab.client.get(Lease.self, name: "leader", namespace: lab.namespace)
        #expect(lease.spec?.holderIdentity == "intruder")
    }

    @Test func `what the work throws is thrown after the release`() async throws {
        struct Failure: Error {}
        let lab = try await Lab()
        let elector = LeaderElector(name: "leader", identity: "a", leases: store(lab), clock: ContinuousClock())
        await #expect(throws: Failure.self) { try await elector.run { throw Failure() } }
        let lease = try await lab.client.get(Lease.self, name: "leader", namespace: lab.namespace)
        #expect(lease.spec?.holderIdentity == "")
    }
}
