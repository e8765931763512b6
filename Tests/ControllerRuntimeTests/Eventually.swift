/// Polls until a condition holds; fails with the last observation otherwise.
func eventually<Observation>(
    within limit: Duration = .seconds(10), every interval: Duration = .milliseconds(5),
    _ condition: () async throws -> Bool, last observation: () async throws -> Observation
) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now.advanced(by: limit)
    while try await !condition() {
        guard clock.now < deadline else {
            throw NotReached(limit: limit, last: String(describing: try await observation()))
        }
        try await clock.sleep(for: interval)
    }
}

struct NotReached: Error, CustomStringConvertible {
    let limit: Duration
    let last: String
    var description: String { "not reached within \(limit); last seen: \(last)" }
}
