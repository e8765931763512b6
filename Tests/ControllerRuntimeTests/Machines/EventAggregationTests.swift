import KubernetesModels
import Testing

@testable import ControllerRuntime

@Suite struct EventAggregationTests {
    typealias Aggregation = EventAggregation<ManualClock.Instant>

    private let time = MicroTime(Timestamp(secondsSince1970: 1_000_000))

    private func occurrence(_ note: String = "n", version: String = "1") -> EventOccurrence {
        EventOccurrence(
            regarding: ObjectReference(kind: "PostgresCluster", namespace: "a", name: "demo", resourceVersion: version),
            reason: "R", action: "A", note: note)
    }

    @Test func `a repeat becomes a series, told at once and then every 30 s`() {
        var aggregation = Aggregation()
        #expect(aggregation.observe(occurrence(), at: .at(.zero), time: time) == .create)
        aggregation.created(occurrence(), name: "e", at: .at(.zero), time: time)
        // The resource version of the object is not part of what happened.
        #expect(
            aggregation.observe(occurrence(version: "2"), at: .at(.seconds(1)), time: time)
                == .updateSeries(name: "e", count: 2))
        #expect(aggregation.observe(occurrence(), at: .at(.seconds(2)), time: time) == .count)
        #expect(
            aggregation.observe(occurrence(), at: .at(.seconds(31)), time: time) == .updateSeries(name: "e", count: 4))
    }

    @Test func `what was only counted is written by the flush, once`() {
        var aggregation = Aggregation()
        aggregation.created(occurrence(), name: "e", at: .at(.zero), time: time)
        for second in 1...3 { _ = aggregation.observe(occurrence(), at: .at(.seconds(second)), time: time) }
        #expect(aggregation.flush(at: .at(.seconds(4))).map(\.count) == [4])
        #expect(aggregation.flush(at: .at(.seconds(5))).isEmpty)
    }

    @Test func `a repeat after six quiet minutes is a new event`() {
        var aggregation = Aggregation()
        aggregation.created(occurrence(), name: "e", at: .at(.zero), time: time)
        #expect(aggregation.observe(occurrence(), at: .at(.seconds(360)), time: time) == .create)
    }

    @Test func `a resource may tell 25 things at once, then one every ten seconds`() {
        var aggregation = Aggregation()
        var actions: [Aggregation.Action] = []
        for index in 0..<27 {
            let occurrence = occurrence("note \(index)")
            let action = aggregation.observe(occurrence, at: .at(.zero), time: time)
            if action == .create { aggregation.created(occurrence, name: "e\(index)", at: .at(.zero), time: time) }
            actions.append(action)
        }
        #expect(actions.filter { $0 == .create }.count == 25)
        #expect(actions.suffix(2) == [.drop, .drop])
        #expect(aggregation.observe(occurrence("later"), at: .at(.seconds(11)), time: time) == .create)
    }

    @Test func `a long note is cut at a character, within 1024 bytes`() {
        let long = String(repeating: "ä", count: 600)
        let cut = occurrence(long).boundedNote
        #expect(cut.utf8.count <= 1_024)
        #expect(cut.utf8.count > 1_015)
        #expect(cut.hasSuffix("ä…"))
        #expect(occurrence("short").boundedNote == "short")
    }
}
