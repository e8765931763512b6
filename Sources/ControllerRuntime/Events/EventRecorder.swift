public import KubernetesClient
import KubernetesModels
public import Logging
import Observability
import Synchronization

/// Writes `events.k8s.io/v1` Events without making anybody wait.
///
/// Repeats become one Event with a series. A resource may have 25 new events at once and one more each ten seconds after
/// that; what is above is dropped and counted.
///
/// - Requires: ``run()`` is running; it writes what ``record(_:)`` collected and ends with a flush.
public final class EventRecorder<C: Clock<Duration>>: Sendable {
    private static var pendingLimit: Int { 1_000 }

    private let client: KubernetesClient
    private let controller: String
    private let instance: String
    private let clock: C
    private let deadline: Duration
    private let metrics: EventMetrics?
    private let logger: Logger
    private let pending = Mutex<[EventOccurrence]>([])
    private let signal = WakeSignal()

    /// - Parameters:
    ///   - controller: qualified name of this program, such as `matriarch.dev/operator`.
    ///   - instance: of this process, such as the Pod's name; at most 128 bytes.
    public init(
        client: KubernetesClient, controller: String, instance: String, clock: C,
        deadline: Duration = .seconds(5), metrics: EventMetrics? = nil,
        logger: Logger = Logger(label: "matriarch.events")
    ) {
        self.client = client
        self.controller = controller
        self.instance = String(instance.prefix(128))
        self.clock = clock
        self.deadline = deadline
        self.metrics = metrics
        self.logger = logger
    }

    /// Takes note of an occurrence; it is written soon. With 1 000 waiting, further ones are dropped.
    public func record(_ occurrence: EventOccurrence) {
        let isAccepted = pending.withLock { pending in
            guard pending.count < Self.pendingLimit else { return false }
            pending.append(occurrence)
            return true
        }
        if isAccepted { signal.wake() } else { metrics?.outcomes.increment("dropped") }
    }

    /// Writes events until cancelled, then writes what is left within the deadline of a request each, and returns.
    public func run() async {
        var aggregation = EventAggregation<C.Instant>()
        let flushInterval = Duration.seconds(30)
        var nextFlush = clock.now.advanced(by: flushInterval)
        while !Task.isCancelled {
            await signal.wait(until: nextFlush, clock: clock)
            aggregation = await writeAll(aggregation, flush: clock.now >= nextFlush)
            if clock.now >= nextFlush { nextFlush = clock.now.advanced(by: flushInterval) }
        }
        _ = await writeAll(aggregation, flush: true)
    }

    /// ``writePending(_:flush:)`` in a task of its own: whether the stop comes before the writing or in the midst of it,
    /// what was taken from the waiting ones goes out all the same.
    private func writeAll(
        _ aggregation: EventAggregation<C.Instant>, flush: Bool
    ) async -> EventAggregation<C.Instant> {
        await Task { await self.writePending(aggregation, flush: flush) }.value
    }

    private func writePending(
        _ start: EventAggregation<C.Instant>, flush: Bool
    ) async -> EventAggregation<C.Instant> {
        var aggregation = start
        let occurrences = pending.withLock { pending in
            defer { pending = [] }
            return pending
        }
        for occurrence in occurrences { await write(occurrence, &aggregation) }
        guard flush else { return aggregation }
        for entry in aggregation.flush(at: clock.now) {
            await update(entry.occurrence, name: entry.name, count: entry.count, time: entry.time, &aggregation)
        }
        return aggregation
    }

    private func write(_ occurrence: EventOccurrence, _ aggregation: inout EventAggregation<C.Instant>) async {
        let time = MicroTime.now()
        switch aggregation.observe(occurrence, at: clock.now, time: time) {
        case .create: await create(occurrence, time: time, &aggregation)
        case .updateSeries(let name, let count):
            await update(occurrence, name: name, count: count, time: time, &aggregation)
        case .count: metrics?.outcomes.increment("repeated")
        case .drop: metrics?.outcomes.increment("dropped")
        }
    }

    private func create(
        _ occurrence: EventOccurrence, time: MicroTime, _ aggregation: inout EventAggregation<C.Instant>
    ) async {
        let regarding = occurrence.regarding
        let suffix = String(UInt64(bitPattern: time.timestamp.microsecondsSince1970), radix: 16)
        let name = "\((regarding.name ?? "unknown").prefix(200)).\(suffix)"
        let event = Event(
            metadata: ObjectMeta(name: name, namespace: regarding.namespace ?? "default"), eventTime: time,
            reportingController: controller, reportingInstance: instance, action: occurrence.action,
            reason: occurrence.reason, regarding: regarding, related: occurrence.related,
            note: occurrence.boundedNote, type: occurrence.type.rawValue)
        do {
            _ = try await client.create(event, deadline: deadline)
            aggregation.created(occurrence, name: name, at: clock.now, time: time)
            metrics?.outcomes.increment("created")
        } catch {
            failed(occurrence, error)
        }
    }

    private func update(
        _ occurrence: EventOccurrence, name: String, count: Int, time: MicroTime,
        _ aggregation: inout EventAggregation<C.Instant>
    ) async {
        let body: JSONValue = [
            "series": [
                "count": .int(Int64(count)), "lastObservedTime": .string(time.timestamp.microsecondDescription),
            ]
        ]
        do {
            _ = try await client.mergePatch(
                Event.self, name: name, namespace: occurrence.regarding.namespace ?? "default", body: body,
                deadline: deadline)
            metrics?.outcomes.increment("repeated")
        } catch {
            if error.isNotFound { return aggregation.forget(occurrence) }
            failed(occurrence, error)
        }
    }

    private func failed(_ occurrence: EventOccurrence, _ error: any Error) {
        metrics?.outcomes.increment("failed")
        logger.warning(
            "cannot write an event",
            metadata: [
                "reason": "\(occurrence.reason)", "regarding": "\(occurrence.regarding.name ?? "")",
                "note": "\(occurrence.boundedNote)", "error": "\(error)",
            ])
    }
}
