import ControllerRuntime
import KubernetesClient
import KubernetesModels
import Observability
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct EventRecorderTests {
    private func occurrence(_ lab: Lab, _ note: String) -> EventOccurrence {
        EventOccurrence(
            regarding: ObjectReference(
                apiVersion: "v1", kind: "ConfigMap", namespace: lab.namespace, name: "demo", uid: "u"),
            type: .warning, reason: "SwitchoverFailed", action: "Switchover", note: note)
    }

    @Test func `events carry reason, action and note, repeats become a series, and a stop flushes`() async throws {
        let lab = try await Lab()
        let registry = MetricsRegistry()
        let recorder = EventRecorder(
            client: lab.client, controller: "matriarch.dev/operator", instance: "pod-1", clock: ContinuousClock(),
            metrics: EventMetrics(registry: registry))
        let task = Task { await recorder.run() }
        for _ in 0..<5 { recorder.record(occurrence(lab, "no such candidate")) }
        recorder.record(occurrence(lab, String(repeating: "long ", count: 500)))
        task.cancel()
        await task.value

        let events = try await lab.client.list(Event.self, namespace: lab.namespace).items
        #expect(events.count == 2)
        let repeated = try #require(events.first { $0.note == "no such candidate" })
        #expect(repeated.reason == "SwitchoverFailed")
        #expect(repeated.action == "Switchover")
        #expect(repeated.type == "Warning")
        #expect(repeated.reportingController == "matriarch.dev/operator")
        #expect(repeated.reportingInstance == "pod-1")
        #expect(repeated.regarding?.name == "demo")
        #expect(repeated.series?.count == 5)
        let long = try #require(events.first { $0.note != "no such candidate" }?.note)
        #expect(long.utf8.count <= 1_024 && long.hasSuffix("…"))
        #expect(registry.exposition().contains("matriarch_events_total{outcome=\"created\"} 2\n"))
    }

    @Test func `a stop in the midst of writing loses no event`() async throws {
        let lab = try await Lab()
        // The stop falls on a different instant of the first write each time; a sweep, not a wait for something.
        for step in 0..<20 {
            let recorder = EventRecorder(
                client: lab.client, controller: "matriarch.dev/operator", instance: "pod-1", clock: ContinuousClock())
            let task = Task { await recorder.run() }
            recorder.record(occurrence(lab, "stopped at step \(step)"))
            try await Task.sleep(for: .microseconds(200 * step))
            task.cancel()
            await task.value
        }
        let notes = try await lab.client.list(Event.self, namespace: lab.namespace).items.compactMap(\.note)
        #expect(Set(notes).count == 20)
    }

    @Test func `without the right to write events nobody waits or fails`() async throws {
        let lab = try await Lab()
        let plane = try await ControlPlane.shared()
        let registry = MetricsRegistry()
        let recorder = EventRecorder(
            client: KubernetesClient(configuration: plane.stranger), controller: "matriarch.dev/operator",
            instance: "pod-1", clock: ContinuousClock(), metrics: EventMetrics(registry: registry))
        let task = Task { await recorder.run() }
        recorder.record(occurrence(lab, "n"))
        task.cancel()
        await task.value
        #expect(registry.exposition().contains("matriarch_events_total{outcome=\"failed\"} 1\n"))
    }
}
