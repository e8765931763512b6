import Observability
import Synchronization
import TestSupport
import Testing

@testable import ControllerRuntime

@Suite(.timeLimit(.minutes(1))) struct ControllerTests {
    /// Calls a closure and keeps account of how many keys were in work at a time.
    final class Recording: Reconciler {
        struct State {
            var calls: [String] = []
            var active: [String: Int] = [:]
            var overlap = 0
            var peak = 0
        }
        let state = Mutex(State())
        let body: @Sendable (String, Int) async throws -> ReconcileResult

        init(_ body: @escaping @Sendable (String, Int) async throws -> ReconcileResult) { self.body = body }

        func reconcile(_ key: String) async throws -> ReconcileResult {
            let call = state.withLock { state in
                state.calls.append(key)
                state.active[key, default: 0] += 1
                state.overlap = max(state.overlap, state.active[key] ?? 0)
                state.peak = max(state.peak, state.active.values.reduce(0, +))
                return state.calls.filter { $0 == key }.count
            }
            defer { state.withLock { $0.active[key, default: 1] -= 1 } }
            return try await body(key, call)
        }
        var calls: [String] { state.withLock { $0.calls } }
    }

    private struct Failure: Error {}

    private func run(
        _ reconciler: Recording, workers: Int = 1, registry: MetricsRegistry = MetricsRegistry(),
        _ body: (WorkQueue<String, ContinuousClock>) async throws -> Void
    ) async throws {
        let queue = WorkQueue<String, ContinuousClock>(
            name: "test", clock: ContinuousClock(), metrics: WorkQueueMetrics(registry: registry))
        let controller = Controller(
            name: "test", reconciler: reconciler, queue: queue, workers: workers, clock: ContinuousClock(),
            metrics: ControllerMetrics(registry: registry))
        let task = Task { await controller.run() }
        do {
            try await body(queue)
        } catch {
            task.cancel()
            throw error
        }
        task.cancel()
        await task.value
    }

    @Test func `a failed key is tried again, a terminal failure is not`() async throws {
        let registry = MetricsRegistry()
        let reconciler = Recording { key, call in
            if key == "terminal" { throw TerminalError(Failure()) }
            if call < 4 { throw Failure() }
            return .done
        }
        try await run(reconciler, registry: registry) { queue in
            queue.add("terminal")
            queue.add("flaky")
            try await eventually {
                reconciler.calls.filter { $0 == "flaky" }.count == 4
            }
        }
        #expect(reconciler.calls.filter { $0 == "terminal" }.count == 1)
        let text = registry.exposition()
        #expect(text.contains("controller_runtime_reconcile_total{controller=\"test\",result=\"success\"} 1\n"))
        #expect(text.contains("controller_runtime_reconcile_total{controller=\"test\",result=\"error\"} 4\n"))
        #expect(text.contains("controller_runtime_terminal_reconcile_errors_total{controller=\"test\"} 1\n"))
        #expect(text.contains("workqueue_retries_total{name=\"test\",controller=\"test\"} 3\n"))
        #expect(text.contains("controller_runtime_reconcile_time_seconds_count{controller=\"test\"} 5\n"))
        #expect(text.contains("workqueue_depth{name=\"test\",controller=\"test\"} 0\n"))
    }

    @Test func `a result with a pause comes back by itself`() async throws {
        let reconciler = Recording { _, call in ReconcileResult(requeueAfter: call < 3 ? .milliseconds(10) : nil) }
        try await run(reconciler) { queue in
            queue.add("a")
            try await eventually {
                reconciler.calls.count == 3
            }
        }
    }

    @Test func `different keys run side by side, one key never twice at a time`() async throws {
        let reconciler = Recording { _, _ in
            for _ in 0..<50 { await Task.yield() }
            return .done
        }
        let keys = ["a", "b", "c"]
        try await run(reconciler, workers: 3) { queue in
            // As long as it takes: what is added while it waits already is one call, however often it is added.
            try await eventually {
                for key in keys { queue.add(key) }
                return reconciler.calls.count >= 10 && reconciler.state.withLock { $0.peak } > 1
            }
            try await eventually { queue.depth == 0 }
        }
        #expect(reconciler.state.withLock { $0.overlap } == 1)
        #expect(reconciler.state.withLock { $0.peak } > 1)
        #expect(Set(reconciler.calls) == Set(keys))
    }

    @Test func `a stop waits for what is in progress, does not cancel it and starts nothing new`() async throws {
        let gate = AsyncStream<Void>.makeStream()
        let finished = Mutex(false)
        let reconciler = Recording { _, _ in
            for await _ in gate.stream { break }
            finished.withLock { $0 = !Task.isCancelled }
            return .done
        }
        let queue = WorkQueue<String, ContinuousClock>(name: "test", clock: ContinuousClock())
        let controller = Controller(name: "test", reconciler: reconciler, queue: queue, clock: ContinuousClock())
        let task = Task { await controller.run() }
        queue.add("a")
        try await eventually {
            reconciler.calls == ["a"]
        }
        queue.add("b")
        task.cancel()
        gate.continuation.yield()
        await task.value
        #expect(finished.withLock { $0 })
        #expect(reconciler.calls == ["a"])
    }

    @Test func `a delayed key appears when its time has come`() async throws {
        let clock = ManualClock()
        let queue = WorkQueue<String, ManualClock>(name: "test", clock: clock)
        let timer = Task { await queue.run() }
        queue.add("a", after: .seconds(10))
        async let next = queue.next()
        try await eventually {
            clock.sleeperCount > 0
        }
        clock.advance(by: .seconds(10))
        #expect(await next == "a")
        queue.shutDown()
        await timer.value
        #expect(await queue.next() == nil)
    }

    @Test func `a cancelled worker stops waiting and loses no key`() async throws {
        let queue = WorkQueue<String, ContinuousClock>(name: "test", clock: ContinuousClock())
        let waiting = Task { await queue.next() }
        waiting.cancel()
        #expect(await waiting.value == nil)
        queue.add("a")
        #expect(await queue.next() == "a")
    }
}
