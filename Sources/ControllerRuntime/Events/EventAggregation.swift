import KubernetesModels

/// Turns repeats into series and limits the rate, without requests and with time as a parameter.
struct EventAggregation<Instant: InstantProtocol>: Sendable where Instant.Duration == Duration {
    enum Action: Sendable, Equatable {
        /// Write a new Event.
        case create
        /// Write the count of repeats to the Event of this name.
        case updateSeries(name: String, count: Int)
        /// A repeat that is written later, with the next repeat or flush.
        case count
        /// The resource has too many events.
        case drop
    }

    private struct Series: Sendable {
        var name: String
        var count = 1
        var lastSeen: Instant
        var lastWritten: Instant
        var hasUnwritten = false
        var lastTime: MicroTime
    }
    private struct Subject: Hashable, Sendable {
        var kind: String?
        var namespace: String?
        var name: String?
        var uid: String?
    }

    private var series: [EventOccurrence: Series] = [:]
    private var buckets: [Subject: (bucket: TokenBucket<Instant>, used: Instant)] = [:]
    /// A repeat later than this is a new event.
    private let seriesEndsAfter: Duration
    /// A series is written at most once per this.
    private let writeInterval: Duration
    private let burst: Int
    private let refillPerSecond: Double

    init(
        seriesEndsAfter: Duration = .seconds(360), writeInterval: Duration = .seconds(30), burst: Int = 25,
        refillPerSecond: Double = 0.1
    ) {
        self.seriesEndsAfter = seriesEndsAfter
        self.writeInterval = writeInterval
        self.burst = burst
        self.refillPerSecond = refillPerSecond
    }

    mutating func observe(_ occurrence: EventOccurrence, at now: Instant, time: MicroTime) -> Action {
        let key = occurrence.seriesKey
        if var existing = series[key], existing.lastSeen.duration(to: now) < seriesEndsAfter {
            existing.count += 1
            existing.lastSeen = now
            existing.lastTime = time
            // The first repeat is told at once, so that a reader sees that it goes on.
            let isDue = existing.count == 2 || existing.lastWritten.duration(to: now) >= writeInterval
            existing.hasUnwritten = !isDue
            if isDue { existing.lastWritten = now }
            series[key] = existing
            return isDue ? .updateSeries(name: existing.name, count: existing.count) : .count
        }
        return allow(occurrence, at: now) ? .create : .drop
    }

    /// A new Event was written.
    mutating func created(_ occurrence: EventOccurrence, name: String, at now: Instant, time: MicroTime) {
        series[occurrence.seriesKey] = Series(name: name, lastSeen: now, lastWritten: now, lastTime: time)
    }

    /// The Event of a series is gone (they live an hour) or was never written: the next repeat makes a new one.
    mutating func forget(_ occurrence: EventOccurrence) { series[occurrence.seriesKey] = nil }

    /// What is counted but not yet written, and forgets what ended.
    mutating func flush(at now: Instant) -> [(occurrence: EventOccurrence, name: String, count: Int, time: MicroTime)] {
        var unwritten: [(occurrence: EventOccurrence, name: String, count: Int, time: MicroTime)] = []
        for (key, value) in series {
            if value.hasUnwritten {
                unwritten.append((key, value.name, value.count, value.lastTime))
                series[key]?.hasUnwritten = false
                series[key]?.lastWritten = now
            } else if value.lastSeen.duration(to: now) >= seriesEndsAfter {
                series[key] = nil
            }
        }
        // An unused bucket is full again after this; forgetting it changes nothing.
        let fullAfter = Duration.seconds(Double(burst) / refillPerSecond)
        buckets = buckets.filter { $0.value.used.duration(to: now) < fullAfter }
        return unwritten.sorted { $0.name < $1.name }
    }

    private mutating func allow(_ occurrence: EventOccurrence, at now: Instant) -> Bool {
        let regarding = occurrence.regarding
        let subject = Subject(
            kind: regarding.kind, namespace: regarding.namespace, name: regarding.name, uid: regarding.uid)
        var bucket = buckets[subject]?.bucket ?? TokenBucket(rate: refillPerSecond, burst: burst)
        defer { buckets[subject] = (bucket, now) }
        return bucket.take(at: now)
    }
}
