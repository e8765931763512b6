import KubernetesClient
import KubernetesModels
import Observability
import Synchronization
import TestSupport
import Testing

@testable import ControllerRuntime

@Suite(.timeLimit(.minutes(2))) struct ReflectorTests {
    /// What a handler was told, one line each.
    final class Told: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func note(_ change: StoreChange<ConfigMap>) {
            let name = change.object.metadata.name ?? ""
            let line =
                switch change {
                case .added(let object): "added \(name)=\(object.data?["key"] ?? "")"
                case .updated(_, let object): "updated \(name)=\(object.data?["key"] ?? "")"
                case .deleted: "deleted \(name)"
                }
            lines.withLock { $0.append(line) }
        }
    }

    /// Counts lists and watches of a source and may replace what a watch does.
    final class Probe: Sendable {
        let lists = Mutex(0)
        let watches = Mutex<[String]>([])
        var listCount: Int { lists.withLock { $0 } }
        var watchCount: Int { watches.withLock { $0.count } }
    }

    private func source(
        _ lab: Lab, probe: Probe, timeout: Duration? = nil,
        replacing: @escaping @Sendable (_ number: Int, _ version: String) -> String? = { _, version in version }
    ) -> ResourceSource<ConfigMap> {
        ResourceSource {
            probe.lists.withLock { $0 += 1 }
            return try await lab.client.list(
                ConfigMap.self, namespace: lab.namespace, labelSelector: "watched=yes")
        } watch: { version in
            let number = probe.watches.withLock { watches in
                watches.append(version)
                return watches.count
            }
            // nil stands for a connection that is dead without anybody noticing.
            guard let version = replacing(number, version) else { return AsyncThrowingStream { _ in } }
            return lab.client.watch(
                ConfigMap.self, namespace: lab.namespace, labelSelector: "watched=yes", resourceVersion: version,
                timeout: timeout)
        }
    }

    private func run(
        _ source: ResourceSource<ConfigMap>, _ told: Told, idleTimeout: Duration = .seconds(295),
        _ body: (Store<ConfigMap>) async throws -> Void
    ) async throws {
        let reflector = Reflector(
            source: source, clock: ContinuousClock(), pacing: WatchPacing(idleTimeout: idleTimeout),
            handlers: [{ told.note($0) }])
        let task = Task { await reflector.run() }
        do {
            try await body(reflector.store)
        } catch {
            task.cancel()
            throw error
        }
        task.cancel()
        await task.value
    }

    @Test func `what exists, appears, changes and disappears is told in order, once each`() async throws {
        let lab = try await Lab()
        try await lab.put("a", "1")
        try await lab.put("other", "1", labels: ["watched": "no"])
        let told = Told()
        try await run(source(lab, probe: Probe()), told) { store in
            await store.waitUntilSynced()
            try await lab.put("b", "1")
            try await lab.change("a", "2")
            try await lab.client.delete(ConfigMap.self, name: "a", namespace: lab.namespace)
            try await eventually("all changes") {
                told.all
            } until: {
                $0.count >= 4
            }
            #expect(told.all == ["added a=1", "added b=1", "updated a=2", "deleted a"])
            #expect(store.list().map(\.metadata.name) == ["b"])
        }
    }

    @Test func `a watch the server ends is resumed where it was, without another list and without a loss`() async throws
    {
        let lab = try await Lab()
        let told = Told()
        let probe = Probe()
        try await run(source(lab, probe: probe, timeout: .seconds(1)), told) { store in
            await store.waitUntilSynced()
            for index in 0..<30 {
                try await lab.put("c\(index)", "1")
                if index % 10 == 9 {
                    try await eventually("another watch") {
                        probe.watchCount
                    } until: {
                        $0 > index / 10 + 1
                    }
                }
            }
            try await eventually("all objects") {
                store.count
            } until: {
                $0 == 30
            }
        }
        #expect(probe.listCount == 1)
        #expect(probe.watchCount >= 4)
        #expect(told.all == (0..<30).map { "added c\($0)=1" })
    }

    @Test func `a version the server has forgotten leads to a list, and only the differences are told`() async throws {
        let lab = try await Lab()
        // The API server keeps no cache of events: their watches go to etcd, which forgets when it is told to.
        let old = try await lab.client.list(Event.self, namespace: lab.namespace).resourceVersion
        for name in ["a", "b"] { try await putEvent(lab, name) }
        try await ControlPlane.shared().compact()
        let probe = Probe()
        let source = ResourceSource<Event> {
            probe.lists.withLock { $0 += 1 }
            return try await lab.client.list(Event.self, namespace: lab.namespace)
        } watch: { version in
            let number = probe.watches.withLock { watches in
                watches.append(version)
                return watches.count
            }
            return lab.client.watch(
                Event.self, namespace: lab.namespace, resourceVersion: number == 1 ? old : version)
        }
        let told = Mutex<[String]>([])
        let reflector = Reflector(
            source: source, clock: ContinuousClock(),
            handlers: [{ change in told.withLock { $0.append(change.object.metadata.name ?? "") } }])
        let task = Task { await reflector.run() }
        defer { task.cancel() }
        try await eventually("the second watch") {
            probe.watchCount
        } until: {
            $0 == 2
        }
        try await putEvent(lab, "c")
        try await eventually("the change") {
            told.withLock { $0 }
        } until: {
            $0 == ["a", "b", "c"]
        }
        #expect(probe.listCount == 2)
    }

    private func putEvent(_ lab: Lab, _ name: String) async throws {
        _ = try await lab.client.create(
            Event(
                metadata: ObjectMeta(name: name, namespace: lab.namespace), eventTime: .now(),
                reportingController: "matriarch.dev/test", reportingInstance: "test", action: "Test", reason: "Test",
                regarding: ObjectReference(kind: "Pod", namespace: lab.namespace, name: "p"), note: "n",
                type: "Normal"))
    }

    @Test func `a watch that falls silent is opened again`() async throws {
        let lab = try await Lab()
        let told = Told()
        let probe = Probe()
        let source = source(lab, probe: probe) { number, version in number == 1 ? nil : version }
        try await run(source, told, idleTimeout: .milliseconds(300)) { store in
            await store.waitUntilSynced()
            try await lab.put("a", "1")
            try await eventually("the change") {
                told.all
            } until: {
                $0 == ["added a=1"]
            }
        }
        #expect(probe.listCount == 1)
    }

    @Test func `without the right to list it keeps trying and says so in the metrics`() async throws {
        let plane = try await ControlPlane.shared()
        let registry = MetricsRegistry()
        let reflector = Reflector(
            source: ResourceSource<ConfigMap>.objects(of: KubernetesClient(configuration: plane.stranger)),
            clock: ContinuousClock(), metrics: ReflectorMetrics(registry: registry))
        let task = Task { await reflector.run() }
        try await eventually("a second list") {
            registry.exposition()
        } until: {
            $0.contains("reflector_lists_total{name=\"configmaps\"} 2\n")
        }
        #expect(!reflector.store.hasSynced)
        task.cancel()
        await task.value
    }
}
