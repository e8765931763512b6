import Fence
import Units

/// What one look at the world showed.
public enum Sight<Value: Sendable>: Sendable {
    /// It has happened.
    case reached(Value)
    /// Not yet; this is what was seen.
    case notYet(String)
}

/// Looks again and again until something has happened.
///
/// An error of a look counts as "not yet": in the middle of a failover most questions fail.
///
/// - Parameters:
///   - what: completes "waited 30 s for …".
///   - limit: after which it is given up.
/// - Throws: ``LabError`` with the last observation; `CancellationError`.
@discardableResult
public func wait<Value: Sendable>(
    for what: String, within limit: Duration, every interval: Duration = .milliseconds(50),
    saying progress: Progress? = nil, look: () async throws -> Sight<Value>
) async throws -> Value {
    let start = BootClock.now()
    var lastSight = "nothing"
    var nextLine = start + .seconds(5)
    while true {
        do {
            switch try await look() {
            case .reached(let value): return value
            case .notYet(let sight): lastSight = sight
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            lastSight = "\(error)"
        }
        let now = BootClock.now()
        guard now < start + limit else {
            throw LabError("waited \(Figures.seconds(limit)) s for \(what); last seen: \(lastSight)")
        }
        if now >= nextLine {
            progress?.say("waiting for \(what): \(lastSight)")
            nextLine = now + max(.seconds(5), now - start)
        }
        try await Task.sleep(for: interval)
    }
}
