/// A condition that did not come true in time, with what was last seen.
public struct EventuallyError: Error, CustomStringConvertible {
    public let description: String
}

/// Observes again and again until the observation satisfies the condition.
///
/// - Parameters:
///   - within: how long to try. At least two observations are made.
///   - what: named in the failure.
///   - observe: an error it throws counts as an observation that does not satisfy.
/// - Returns: the observation that satisfied.
/// - Throws: ``EventuallyError`` with the last observation; `CancellationError`.
@discardableResult
public func eventually<Observation>(
    within limit: Duration = .seconds(10), _ what: String = "the condition",
    isolation: isolated (any Actor)? = #isolation,
    _ observe: () async throws -> Observation, until isSatisfied: (Observation) -> Bool
) async throws -> Observation {
    let deadline = ContinuousClock.now + limit
    var last = "nothing"
    var pause: Duration = .milliseconds(5)
    while true {
        let isLastTry = ContinuousClock.now >= deadline
        do {
            let observation = try await observe()
            if isSatisfied(observation) { return observation }
            last = String(describing: observation)
        } catch let error as CancellationError {
            throw error
        } catch {
            last = "error: \(error)"
        }
        guard !isLastTry else {
            throw EventuallyError(description: "\(what): not so within \(limit); last observation: \(last)")
        }
        // Polling pause, not synchronisation: the condition decides.
        try await Task.sleep(for: pause)
        pause = min(pause * 2, .milliseconds(100))
    }
}

/// Repeats until the condition is true.
public func eventually(
    within limit: Duration = .seconds(10), _ what: String = "the condition",
    isolation: isolated (any Actor)? = #isolation,
    _ condition: () async throws -> Bool
) async throws {
    try await eventually(within: limit, what, isolation: isolation, condition, until: { $0 })
}
