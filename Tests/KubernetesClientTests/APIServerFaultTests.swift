import KubernetesClient
import KubernetesModels
import TestSupport
import Testing

@Suite("An API server that freezes or goes away", .serialized)
struct APIServerFaultTests {
    @Test(.timeLimit(.minutes(2)))
    func `calls keep their deadline, watches learn of it, and both work again afterwards`() async throws {
        let controlPlane = try await ControlPlane.start()
        let namespace = try await controlPlane.namespace()
        let client = KubernetesClient(configuration: controlPlane.admin)
        func write(_ value: String) async -> KubernetesError? {
            await failure { () async throws(KubernetesError) in
                try await client.apply(
                    ConfigMap.self, name: "one", namespace: namespace, body: ["data": ["key": .string(value)]],
                    fieldManager: "test", deadline: .seconds(1))
            }
        }
        #expect(await write("before") == nil)
        let list = try await client.list(ConfigMap.self, namespace: namespace)
        let watch = client.watch(ConfigMap.self, namespace: namespace, resourceVersion: list.resourceVersion)
        var iterator = watch.makeAsyncIterator()
        #expect(await write("watched") == nil)
        guard case .modified = try await iterator.next() else {
            Issue.record("the watch saw nothing")
            return
        }

        controlPlane.pauseAPIServer()
        let startedAt = ContinuousClock.now
        let frozen = try #require(await write("frozen"))
        #expect(frozen.code == .timeout && frozen.isOutcomeUnknown)
        #expect(ContinuousClock.now - startedAt < .seconds(5))
        // The watch shares the silent connection: it does not wait for its own idle timeout.
        let lost = await #expect(throws: KubernetesError.self) {
            while try await iterator.next() != nil {}
        }
        #expect(lost?.code == .connectionLost)
        #expect(ContinuousClock.now - startedAt < .seconds(20))
        // A new connection is accepted by the kernel and not answered: nothing of this write was sent.
        #expect(await write("not sent")?.isKnownNotApplied == true)

        controlPlane.resumeAPIServer()
        try await eventually(within: .seconds(20), "writes work again") { await write("thawed") == nil }
        let now = try await client.get(ConfigMap.self, name: "one", namespace: namespace)
        #expect(now.data == ["key": "thawed"])

        try await controlPlane.stopAPIServer()
        let gone = try #require(await write("gone"))
        #expect(gone.code == .unreachable && gone.isKnownNotApplied)
        try await controlPlane.startAPIServer()
        #expect(await write("back") == nil)
        try await controlPlane.stop()
    }
}
